#!/bin/sh
# Keeps workers running. Each worker holds a lease whose will adds 1 to the eventfd `worker-died`, whatever ends the worker,
# kill -9 included. The supervisor need not be the parent of the workers: they go on if it is killed, and the eventfd counts
# those that die meanwhile. The next supervisor is then started with 0 new workers.
#
#   eventfdd serve --runtime-dir /tmp/eventfdd      # in a shell of its own; `eventfdd` is on the PATH
#   ./supervisor.sh /tmp/eventfdd 2 sleep 60
#   kill -9 PID                                     # in another shell: of a worker that `eventfdd leases worker-died` lists
set -eu
[ $# -ge 3 ] || { echo "usage: supervisor.sh DIR WORKERS PROGRAM [ARG...]" >&2; exit 2; }
export EVENTFDD_RUNTIME_DIR="$1"
missing=$2
shift 2

eventfdd create worker-died >/dev/null
while
    for _ in $(seq "$missing"); do
        eventfdd run --on-death worker-died -- "$@" &
    done
    missing=$(eventfdd read worker-died) # waits until some have died, and takes their number
do
    echo "$missing died"
done
