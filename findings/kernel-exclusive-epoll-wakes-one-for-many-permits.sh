#!/usr/bin/env bash
# Linux 6.18 and epoll_ctl(2) of man-pages 6.03 (Debian 12): one write(2) of 3 to an eventfd that is a semaphore wakes only one of the
# waiters that registered it with EPOLLEXCLUSIVE. The others sleep on, level-triggered, while 2 permits are left.
#
# EPOLLEXCLUSIVE is there against the thundering herd: several processes wait for one descriptor, each in its own epoll(7), and
# an event should wake one. The manual says that "one or more" get it, and one expects that a level-triggered waiter is woken
# for as long as the descriptor is readable. But the kernel wakes at the write and never again: one write is one wake, whatever value it
# adds, and a read that leaves a count wakes nobody. So a batch of jobs runs one after the other in one worker, and if that one
# reads once and then works, the rest waits for it. Three writes of 1 wake three; so does one of 3 without EPOLLEXCLUSIVE.
#
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed. Python 3.11 makes the calls.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

timeout --foreground 120 apt-get -qq download manpages-dev=6.03-2 {python3.11-minimal,libpython3.11-minimal,libpython3.11-stdlib}=3.11.2-6+deb12u8 2>/dev/null ||
    { echo "${0##*/}: cannot download the packages of Debian 12; is there a network?" >&2; exit 75; }
for package in ./*.deb; do dpkg-deb -x "$package" root; done

cat >try.py <<'PYTHON'
import os, select, threading, time

def woken(what, flag, writes):
    """How many of three workers, each of which takes one permit and then works, are woken."""
    eventfd = os.eventfd(0, os.EFD_SEMAPHORE | os.EFD_NONBLOCK)
    taken = []
    ready = threading.Semaphore(0)

    def worker():
        epoll = select.epoll()
        epoll.register(eventfd, select.EPOLLIN | flag)
        ready.release()
        while epoll.poll(3):
            try:
                taken.append(os.eventfd_read(eventfd))
                return
            except BlockingIOError: # another was faster
                pass

    workers = [threading.Thread(target=worker) for _ in range(3)]
    for thread in workers: thread.start()
    for _ in workers: ready.acquire()
    time.sleep(1) # until all wait
    for value in writes: os.eventfd_write(eventfd, value)
    for thread in workers: thread.join()
    print(f"{what}: {len(taken)} of 3 workers woken within 3 seconds")

woken("EPOLLEXCLUSIVE, one write of 3", select.EPOLLEXCLUSIVE, [3])
woken("EPOLLEXCLUSIVE, three writes of 1", select.EPOLLEXCLUSIVE, [1, 1, 1])
woken("without, one write of 3", 0, [3])
PYTHON
zcat root/usr/share/man/man2/epoll_ctl.2.gz | tr '\n' ' ' | grep -q 'one or more of the epoll file descriptors will receive an event'
PYTHONHOME=$place/root/usr timeout --foreground 60 root/usr/bin/python3.11 -S -s try.py </dev/null | tee seen
diff seen - <<'OUTPUT'
EPOLLEXCLUSIVE, one write of 3: 1 of 3 workers woken within 3 seconds
EPOLLEXCLUSIVE, three writes of 1: 3 of 3 workers woken within 3 seconds
without, one write of 3: 3 of 3 workers woken within 3 seconds
OUTPUT
