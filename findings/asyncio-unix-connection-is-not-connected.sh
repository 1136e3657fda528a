#!/usr/bin/env bash
# CPython 3.11.2 (Debian 12, libpython3.11-stdlib 3.11.2-6+deb12u8): asyncio.open_unix_connection() returns a connection that is
# none, if the server's backlog is full at that moment.
#
# connect(2) of a non-blocking Unix socket then fails with EAGAIN: it has done nothing, and is to be called again. With TCP a connect
# that goes on says EINPROGRESS instead. Python makes BlockingIOError of both, and asyncio waits in both cases until the socket
# is writable and has no error, which a socket that was never connected is at once. write() raises nothing, what it writes goes
# nowhere, and the first read fails with EINVAL or ENOTCONN instead of an error that says "connect". A socket that blocks waits for room.
# Here the server accepts nothing until the client believes that it is connected, and then everything that ever came.
#
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

timeout --foreground 120 apt-get -qq download {python3.11-minimal,libpython3.11-minimal,libpython3.11-stdlib}=3.11.2-6+deb12u8 2>/dev/null ||
    { echo "${0##*/}: cannot download the packages of Debian 12; is there a network?" >&2; exit 75; }
for package in ./*.deb; do dpkg-deb -x "$package" root; done

cat >try.py <<'PYTHON'
import asyncio, socket

server = socket.socket(socket.AF_UNIX)
server.bind("socket")
server.listen(0)
sockets = []
try:
    while True:
        sockets.append(socket.socket(socket.AF_UNIX))
        sockets[-1].setblocking(False)
        sockets[-1].connect("socket")
except BlockingIOError:
    print("the backlog is full: connect(2) is EAGAIN")

async def main():
    reader, writer = await asyncio.open_unix_connection("socket")
    writer.write(b"order")
    print("asyncio: connected, and written")
    server.setblocking(False)
    try:
        while True:
            sockets.append(server.accept()[0])
            sockets[-1].setblocking(False)
            print("the server got", sockets[-1].recv(9))
    except BlockingIOError:
        print("the server got nothing")
    result = (await asyncio.gather(reader.read(9), return_exceptions=True))[0]
    print("asyncio:", "EINVAL or ENOTCONN" if getattr(result, "errno", 0) in (22, 107) else result)

asyncio.run(main())
PYTHON
PYTHONHOME=$place/root/usr timeout --foreground 20 root/usr/bin/python3.11 -S -s try.py </dev/null | tee seen
diff seen - <<'OUTPUT'
the backlog is full: connect(2) is EAGAIN
asyncio: connected, and written
the server got nothing
asyncio: EINVAL or ENOTCONN
OUTPUT
