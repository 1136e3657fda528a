#!/usr/bin/env bash
# CPython 3.11.2 (Debian 12, python3.11-minimal 3.11.2-6+deb12u8): socket.recv_fds(sock, bufsize, maxfds, flags) ignores flags.
#
# With MSG_CMSG_CLOEXEC the descriptor that it returns is inheritable nevertheless, so each child that is started without
# close_fds gets it. With MSG_PEEK the message is taken. socket.recvmsg does what the same flags say: socket.py passes only
# bufsize and the size of the control buffer on to it.
#
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

version=3.11.2-6+deb12u8
timeout --foreground 120 apt-get -qq download {python3.11-minimal,libpython3.11-minimal}=$version 2>/dev/null ||
    { echo "${0##*/}: cannot download the packages of Debian 12; is there a network?" >&2; exit 75; }
for package in ./*.deb; do
    dpkg-deb -x "$package" root
done

cat >try.py <<'PYTHON'
import os, socket, sys

def sent():
    """A socket at which a message with a descriptor has arrived."""
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    socket.send_fds(a, [b"message"], [0])
    return b

print("Python", sys.version.split()[0])
_, fds, _, _ = socket.recv_fds(sent(), 9, 1, socket.MSG_CMSG_CLOEXEC)
print("recv_fds, MSG_CMSG_CLOEXEC: inheritable", os.get_inheritable(fds[0]))
_, control, _, _ = sent().recvmsg(9, socket.CMSG_SPACE(4), socket.MSG_CMSG_CLOEXEC)
print("recvmsg, MSG_CMSG_CLOEXEC: inheritable", os.get_inheritable(int.from_bytes(control[0][2], sys.byteorder)))
peeked, taken = sent(), sent()
socket.recv_fds(taken, 9, 1, socket.MSG_PEEK)
print("recv_fds, MSG_PEEK: afterwards there is", taken.recv(9) or "nothing")
peeked.recvmsg(9, 0, socket.MSG_PEEK)
print("recvmsg, MSG_PEEK: afterwards there is", peeked.recv(9) or "nothing")
PYTHON
cat >expected <<'OUTPUT'
Python 3.11.2
recv_fds, MSG_CMSG_CLOEXEC: inheritable True
recvmsg, MSG_CMSG_CLOEXEC: inheritable False
recv_fds, MSG_PEEK: afterwards there is nothing
recvmsg, MSG_PEEK: afterwards there is b'message'
OUTPUT
PYTHONHOME=$place/root/usr timeout --foreground 20 root/usr/bin/python3.11 -S -s try.py </dev/null | tee seen
diff expected seen
