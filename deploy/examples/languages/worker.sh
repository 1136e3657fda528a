#!/bin/sh
# A worker on a named eventfd, in the shell. `eventfdd exec` opens both eventfds as descriptors 3 and 4, and curl waits.
#
#   apt-get install curl         # and have `eventfdd` on the PATH
#   eventfdd serve --runtime-dir /tmp/eventfdd              # in a shell of its own; server/bin/eventfdd in the checkout
#   sh worker.sh /tmp/eventfdd orders
#   eventfdd write --runtime-dir /tmp/eventfdd orders 5    # in another shell: the worker prints "got 5"
#
# It prints "ready", then "got N" for each value N that it takes from `orders`, and adds N to `orders.reply`. It echoes the
# lines of its stdin and ends with it. When the daemon ends, it ends with status 75. ../README.md says what all workers do.
set -eu
[ $# = 2 ] || { echo "usage: worker.sh DIR NAME" >&2; exit 2; }
directory=$1 name=$2

if [ "${LISTEN_FDNAMES-}" != "$name:$name.reply" ]; then
    for each in "$name" "$name.reply"; do
        eventfdd create --runtime-dir "$directory" "$each" >/dev/null
    done
    exec eventfdd exec --runtime-dir "$directory" "$name" "$name.reply" -- sh "$0" "$@"
fi

# Takes what there is, with one read of 8 bytes: dd reads once and sets O_NONBLOCK, which any holder may have cleared.
# Without that, and without dd: od -An -tu8 -N8 <&3. No program that reads to the end of its input: it takes the next values too.
take() {
    dd iflag=nonblock bs=8 count=1 <&3 2>/dev/null | od -An -v -to1
}

serve() {
    ended='' waiting=''
    trap 'ended=1; kill $waiting 2>/dev/null || :' TERM # after the value that it has in its hands
    while
        curl -sf -o /dev/null --unix-socket "$directory/api.sock" "http://localhost/v1/eventfds/$name/wait?timeout=30s" &
        waiting=$!
        [ -z "$ended" ] && wait "$waiting"
    do
        octets=$(take)
        [ -n "$octets" ] || continue # another reader was faster
        # shellcheck disable=SC2086 # they are words
        bytes=$(printf '\\0%s' $octets)
        echo "got $(printf %b "$bytes" | od -An -tu8 | tr -d ' ')"
        printf %b "$bytes" >&4 # one write of 8 bytes; to add 1: printf '\1\0\0\0\0\0\0\0' >&4
    done
    if [ -n "$ended" ]; then kill "$waiting" 2>/dev/null || :; else kill -USR1 $$; fi
}

trap 'exit 75' USR1
trap 'exit 143' TERM
echo ready
serve &
server=$!
trap 'kill "$server" 2>/dev/null || :' EXIT
while IFS= read -r line; do
    printf 'line %s\n' "$line"
done
