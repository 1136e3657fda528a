# shellcheck shell=bash disable=SC2034 # what is set here is used by those that read this
# What the tests have in common. A test prints a line for each step: ok, FAIL with what was said, or SKIP with the reason.

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# what takes long to make and can be used again: base images, the Debian tree
work=${EVENTFDD_TEST_WORK:-/var/tmp/eventfdd-deploy-test}
mkdir -p "$work"

# check NAME COMMAND...: the step is ok where the command succeeds.
check() {
    local name=$1 said
    shift
    if said=$("$@" 2>&1); then
        echo "ok    $name"
    else
        echo "FAIL  $name"
        printf '%s\n' "$said" | tail -n 40 | sed 's/^/      | /'
        return 1
    fi
}

skip() {
    echo "SKIP  $1: $2"
}

# missing COMMAND...: names those that are not there; fails where all are.
missing() {
    local command none=1
    for command in "$@"; do
        if ! command -v "$command" >/dev/null; then
            echo -n "$command "
            none=0
        fi
    done
    return $none
}

# within SECONDS COMMAND...: until the command succeeds; its last words where it does not.
within() {
    local end=$((SECONDS + $1)) said
    shift
    until said=$("$@" 2>&1); do
        if [ "$SECONDS" -ge "$end" ]; then
            printf 'not in time: %s\n%s\n' "$*" "$said"
            return 1
        fi
        sleep 0.1
    done
    printf '%s\n' "$said"
}

# same A B: two texts, equal.
same() {
    [ "$1" = "$2" ] || { printf 'expected %s\nbut was  %s\n' "$1" "$2"; return 1; }
}

# npm_install: the tools of manifests/package.json, in $work/npm.
npm_install() {
    if ! cmp -s "$root/deploy/test/manifests/package.json" "$work/npm/package.json"; then
        rm -rf "$work/npm"
        mkdir -p "$work/npm.new"
        cp "$root/deploy/test/manifests/package.json" "$work/npm.new/"
        # where the registry does not answer, npm itself goes on for minutes
        timeout 60 npm install --fetch-retries=0 --fetch-timeout=20000 --silent --no-fund --no-audit --prefix "$work/npm.new" >/dev/null 2>&1 || return
        mv "$work/npm.new" "$work/npm"
    fi
}
