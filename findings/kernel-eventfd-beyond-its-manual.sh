#!/usr/bin/env bash
# Linux 6.18 and eventfd(2) of man-pages 6.03 (Debian 12): what the kernel does and the manual does not say.
#
# - write(2) takes exactly 8 bytes. The manual, and older kernels, want at least 8.
# - A read of a value may be spread over two buffers (readv), a write may not be put together of two (writev).
# - writev(2) of two values is two writes: if the second has no room, the first was added, and the result is 8.
# - POLLRDNORM and POLLWRNORM never come, in poll(2) and epoll(7), though POLLIN and POLLOUT do.
# - lseek(2) succeeds, but pread(2) is ESPIPE.
# - flock(2) on one eventfd locks all eventfds, and all epoll sets, of the host: they are one inode.
#
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed. Python 3.11 makes the calls.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

timeout --foreground 120 apt-get -qq download manpages-dev=6.03-2 {python3.11-minimal,libpython3.11-minimal}=3.11.2-6+deb12u8 2>/dev/null ||
    { echo "${0##*/}: cannot download the packages of Debian 12; is there a network?" >&2; exit 75; }
for package in ./*.deb; do
    dpkg-deb -x "$package" root
done

cat >try.py <<'PYTHON'
import errno, fcntl, os, select

def value(n): return n.to_bytes(8, "little")
def eventfd(count=0):
    fd = os.eventfd(0, os.EFD_NONBLOCK)
    if count: os.eventfd_write(fd, count)
    return fd
def said(what, call, *arguments):
    try: print(f"{what}: {call(*arguments)}")
    except OSError as e: print(f"{what}: {errno.errorcode[e.errno]}")

one, full = eventfd(1), eventfd(2**64 - 6)          # with room for 4
said("write of 16 bytes", os.write, one, value(1) * 2)
said("writev of 4 and 4 bytes", os.writev, one, [b"\1\0\0\0", b"\0\0\0\0"])
said("readv of 4 and 4 bytes", os.readv, eventfd(1), [bytearray(4), bytearray(4)])
said("writev of 3 and 3, with room for 4", os.writev, full, [value(3), value(3)])
said("which added", lambda: os.eventfd_read(full) - (2**64 - 6))
for name, events in ("IN and OUT", select.POLLIN | select.POLLOUT), ("RDNORM and WRNORM", select.POLLRDNORM | select.POLLWRNORM):
    poll, epoll = select.poll(), select.epoll()
    poll.register(one, events)
    epoll.register(one, events)
    print(f"{name}: poll {poll.poll(0)[0][1] if poll.poll(0) else 0}, epoll {epoll.poll(0)[0][1] if epoll.poll(0) else 0}")
said("lseek to 5", os.lseek, one, 5, os.SEEK_SET)
said("pread", os.pread, one, 8, 0)
fcntl.flock(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
said("flock of another eventfd", fcntl.flock, full, fcntl.LOCK_EX | fcntl.LOCK_NB)
PYTHON
printf '%s\n' "write of 16 bytes: EINVAL" "writev of 4 and 4 bytes: EINVAL" "readv of 4 and 4 bytes: 8" \
    "writev of 3 and 3, with room for 4: 8" "which added: 3" "IN and OUT: poll 5, epoll 5" "RDNORM and WRNORM: poll 0, epoll 0" \
    "lseek to 5: 0" "pread: ESPIPE" "flock of another eventfd: EAGAIN" >expected
zcat root/usr/share/man/man2/eventfd.2.gz | grep -q 'the size of the supplied buffer is less than 8 bytes'
PYTHONHOME=$place/root/usr timeout --foreground 20 root/usr/bin/python3.11 -S -s try.py | tee seen
diff expected seen
