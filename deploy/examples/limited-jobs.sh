#!/bin/sh
# At most three jobs at a time on this host, whoever starts them: scripts that do not know of each other share one
# semaphore. A job that is killed gives its slot back, so no lock file has to be cleaned up.
#
#   eventfdd serve --runtime-dir /tmp/eventfdd      # in a shell of its own; `eventfdd` is on the PATH
#   ./limited-jobs.sh /tmp/eventfdd a 20            # and at the same time, in another shell:
#   ./limited-jobs.sh /tmp/eventfdd b 20
set -eu
[ $# = 3 ] || { echo "usage: limited-jobs.sh DIR NAME JOBS" >&2; exit 2; }
export EVENTFDD_RUNTIME_DIR="$1"
name=$2 jobs=$3

# Whoever comes first creates it; the others find it.
eventfdd create --semaphore --initial 3 job-slots >/dev/null

# xargs starts up to 20 processes; all but three wait in `eventfdd run`, in the order in which they came.
# shellcheck disable=SC2016 # the inner shell expands it
seq "$jobs" | xargs -P 20 -I JOB eventfdd run job-slots -- \
    sh -c 'echo "begin $0"; sleep 0.1; echo "end $0"' "$name-JOB"
