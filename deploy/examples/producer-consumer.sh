#!/bin/sh
# A producer and a consumer in two processes that share nothing but a name: the count of a semaphore eventfd is the number of
# pieces of work that are ready. It needs curl.
#
#   eventfdd serve --runtime-dir /tmp/eventfdd      # in a shell of its own; server/bin/eventfdd in the checkout
#   ./producer-consumer.sh /tmp/eventfdd 5
set -eu

directory=${1:-${EVENTFDD_RUNTIME_DIR:-/run/eventfdd}}
pieces=${2:-5}
work=example-work-$$

call() {
    method=$1 path=$2 body=${3:-}
    curl -sSf --unix-socket "$directory/api.sock" -X "$method" -H 'Content-Type: application/json' -d "$body" \
        "http://localhost/v1/eventfds/$work$path"
}

produce() {
    for piece in $(seq "$pieces"); do
        call POST /write '{"value": 1}' >/dev/null
        echo "produced $piece"
    done
}

consume() {
    for piece in $(seq "$pieces"); do
        # Waits until there is a piece, and takes it: nobody else gets the same one.
        [ -n "$(call POST /read '{"timeout": "30s"}')" ] || { echo "waited in vain" >&2; exit 1; }
        echo "consumed $piece"
    done
}

call PUT '' '{"semaphore": true}' >/dev/null
trap 'call DELETE "" >/dev/null' EXIT

consume &
consumer=$!
produce &
wait "$consumer"
wait
