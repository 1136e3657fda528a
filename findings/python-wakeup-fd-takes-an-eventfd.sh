#!/usr/bin/env bash
# CPython 3.11.2 (Debian 12, python3.11-minimal 3.11.2-6+deb12u8): signal.set_wakeup_fd() accepts an eventfd, and then no signal
# ever wakes it.
#
# It is there for programs that wait in poll(2) or epoll(7) and are to be woken by a signal, which is what an eventfd was made for.
# set_wakeup_fd looks whether the descriptor is open and non-blocking, and refuses others by an exception. But the handler writes
# the number of the signal as one byte, and an eventfd takes 8: EINVAL. Python prints that to stderr at each signal, as an
# exception that it ignores, also with warn_on_full_buffer=False. The loop sleeps on. A pipe or a socket pair is needed.
#
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

timeout --foreground 120 apt-get -qq download {python3.11-minimal,libpython3.11-minimal}=3.11.2-6+deb12u8 2>/dev/null ||
    { echo "${0##*/}: cannot download the packages of Debian 12; is there a network?" >&2; exit 75; }
for package in ./*.deb; do dpkg-deb -x "$package" root; done

cat >try.py <<'PYTHON'
import os, signal

def woken(what, fd, warn):
    try:
        signal.set_wakeup_fd(fd, warn_on_full_buffer=warn)
    except ValueError:
        return print(f"{what}: refused")
    signal.raise_signal(signal.SIGUSR1)
    try:
        print(f"{what}: accepted, and woken by signal {os.read(fd, 8)[0]}")
    except BlockingIOError:
        print(f"{what}: accepted, and not woken")

signal.signal(signal.SIGUSR1, lambda number, frame: print(f"handled signal {number}"))
reader, writer = os.pipe()
os.set_blocking(writer, False)
woken("an eventfd that blocks", os.eventfd(0), True)
woken("an eventfd", os.eventfd(0, os.EFD_NONBLOCK), True)
woken("an eventfd, without warnings", os.eventfd(0, os.EFD_NONBLOCK), False)
signal.set_wakeup_fd(writer)
signal.raise_signal(signal.SIGUSR1)
print("a pipe: woken by signal", os.read(reader, 8)[0])
PYTHON
PYTHONHOME=$place/root/usr timeout --foreground 20 root/usr/bin/python3.11 -S -s try.py </dev/null 2>errors | tee seen
echo "on stderr, EINVAL: $(grep -c '^OSError: .Errno 22.' errors || :)" | tee -a seen
diff seen - <<'OUTPUT'
an eventfd that blocks: refused
handled signal 10
an eventfd: accepted, and not woken
handled signal 10
an eventfd, without warnings: accepted, and not woken
handled signal 10
a pipe: woken by signal 10
on stderr, EINVAL: 2
OUTPUT
