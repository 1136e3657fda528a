# shellcheck shell=bash
# The images under test, in the store of `containers`: eventfdd:0.1.0 and its two example clients.

# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
image=eventfdd:0.1.0

# In the store's namespaces, or out of here with a SKIP.
enter_containers() { # TOOLS that are needed besides
    if [ "${IN_TEST_CONTAINERS:-}" = 1 ]; then
        return
    fi
    local absent
    if [ "$(id -u)" != 0 ] || absent=$(missing podman buildah crun mmdebstrap "$@"); then
        skip "$(basename "$0")" "needs root and ${absent:-its tools} (apt-get install --no-install-recommends podman buildah crun uidmap catatonit mmdebstrap)"
        exit
    fi
    exec "$(dirname "$0")/containers" "$0"
}

base() { # NAME: there, pulled, or else to be made here
    buildah inspect --type image "$1" >/dev/null 2>&1 || timeout 20 buildah pull "$1" >/dev/null 2>&1
}

# Debian with what a base image would have, under its name: the Dockerfiles are built unchanged.
stand_in() { # NAME PACKAGES
    local container
    [ -f "$work/base-$2.tar" ] || mmdebstrap --quiet --variant=minbase ${2:+--include="$2"} bookworm "$work/base-$2.tar" || return
    container=$(buildah from scratch)
    buildah add -q "$container" "$work/base-$2.tar" / >/dev/null
    buildah config --cmd bash --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
    if [ -n "${3:-}" ]; then
        "$3" "$container" || return
    fi
    buildah commit -q "$container" "$1" >/dev/null
    buildah rm "$container" >/dev/null
}

jdk25() {
    local home
    for home in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
        if grep -q '^JAVA_VERSION="25' "$home/release" 2>/dev/null && [ -x "$home/bin/jlink" ]; then
            readlink -f "$home"
            return
        fi
    done
    return 1
}

with_jdk() {
    buildah copy -q "$1" "$(jdk25)" /opt/java/openjdk >/dev/null
    buildah config --env JAVA_HOME=/opt/java/openjdk \
        --env PATH=/usr/share/maven/bin:/opt/java/openjdk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$1"
}

with_maven() {
    local maven
    maven=$(mvn -v | sed -n 's/^Maven home: //p')
    with_jdk "$1"
    mkdir -p "$work/maven"
    cp -rL "$maven"/. "$work/maven/" # Debian's is made of links
    buildah copy -q "$1" "$work/maven" /usr/share/maven >/dev/null
    buildah copy -q "$1" /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt >/dev/null
    if [ -f /etc/ssl/certs/java/cacerts ]; then
        buildah copy -q "$1" /etc/ssl/certs/java/cacerts /etc/ssl/certs/java/cacerts >/dev/null
    fi
}

with_nats() {
    buildah config --entrypoint '["nats-server"]' --cmd '[]' "$1"
}

nats_image=docker.io/library/nats:2.10

# The server of the example with a bridge, which no other test needs.
nats_base() {
    base "$nats_image" && return
    stand_in "$nats_image" nats-server with_nats && echo "a stand-in of Debian's nats-server"
}

bases() {
    local made=
    base docker.io/library/maven:3.9-eclipse-temurin-25 \
        || { stand_in docker.io/library/maven:3.9-eclipse-temurin-25 "" with_maven && made="$made maven"; } || return
    base docker.io/library/eclipse-temurin:25-jdk \
        || { stand_in docker.io/library/eclipse-temurin:25-jdk "" with_jdk && made="$made eclipse-temurin"; } || return
    base docker.io/library/python:3.13-slim \
        || { stand_in docker.io/library/python:3.13-slim python3 && made="$made python"; } || return
    [ -z "$made" ] || echo "made$made of Debian packages" >"$work/stand-ins"
}

build() { # TAG FLAGS... DIRECTORY
    local tag=$1 volume=()
    shift
    # what Maven has already need not be fetched again
    [ ! -d "$HOME/.m2/repository" ] || volume=(-v "$HOME/.m2/repository:/root/.m2/repository")
    buildah bud --isolation chroot --pull-never --format docker --layers "${volume[@]}" -t "$tag" "$@"
}

images() {
    check "the base images are there" bases || return
    if [ -f "$work/stand-ins" ]; then
        echo "      | no registry is reachable: stand-ins with the names of the base images ($(cat "$work/stand-ins"))"
    fi
    check "the Dockerfile builds" build "$image" "$root" || return
    check "the Java example builds" build eventfdd-example-java:0.1.0 --target java -f "$root/deploy/examples/Dockerfile" "$root/deploy/examples" || return
    check "the Python example builds" build eventfdd-example-python:0.1.0 --target python -f "$root/deploy/examples/Dockerfile" "$root/deploy/examples"
}
