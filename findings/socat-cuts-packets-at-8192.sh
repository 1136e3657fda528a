#!/usr/bin/env bash
# socat 1.7.4.4 (Debian 12, socat 1.7.4.4-2, with libwrap0 7.6.q-32): between a pipe and a Unix socket of packets (type=5, SOCK_SEQPACKET)
# it cuts each packet from the socket at 8192 bytes, without a word, and makes packets of its own of what comes from the pipe.
#
# socat moves data in blocks of 8192 bytes (-b). For a stream that is a matter of speed alone. But read(2) of a shorter block
# drops the rest of a packet, and the kernel tells it only to recvmsg(2), as MSG_TRUNC. In the other direction a long line becomes
# several packets. No warning comes, also with -d -d, and the exit status is 0. With -b65536 whole packets pass.
# Here a line of 20000 bytes goes to a server, which answers with a packet of 20000 bytes and one of 3.
#
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed. Needs python3.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

timeout --foreground 120 apt-get -qq download socat=1.7.4.4-2 libwrap0=7.6.q-32 2>/dev/null ||
    { echo "${0##*/}: cannot download the packages of Debian 12; is there a network?" >&2; exit 75; }
for package in ./*.deb; do dpkg-deb -x "$package" root; done

cat >try.py <<'PYTHON'
import glob, os, socket, subprocess

os.environ["LD_LIBRARY_PATH"] = os.path.dirname(glob.glob("root/usr/lib/*/libwrap.so.0")[0])
server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server.bind("socket")
server.listen()
server.settimeout(20)

def run(*options):
    socat = subprocess.Popen(["root/usr/bin/socat", "-d", "-d", *options, "-", "UNIX-CONNECT:socket,type=5"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    connection = server.accept()[0]
    connection.settimeout(20)
    socat.stdin.write(b"q" * 19999 + b"\n")
    socat.stdin.flush()
    packets = []
    while sum(packets) < 20000:
        packets.append(len(connection.recv(65536)))
    connection.send(b"a" * 20000)
    connection.send(b"end")
    connection.close()
    output, log = socat.communicate(timeout=20)
    warnings = [line for line in log.splitlines() if b"] N " not in line]
    print(f"sent packets of {packets}, printed {output.count(b'a')} of 20000 bytes and {output[-3:].decode()!r}, "
          f"{len(warnings)} warnings, status {socat.returncode}")

run()
run("-b65536")
PYTHON
timeout --foreground 60 python3 try.py | tee seen
diff seen - <<'OUTPUT'
sent packets of [8192, 8192, 3616], printed 8192 of 20000 bytes and 'end', 0 warnings, status 0
sent packets of [20000], printed 20000 of 20000 bytes and 'end', 0 warnings, status 0
OUTPUT
