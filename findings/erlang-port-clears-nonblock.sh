#!/usr/bin/env bash
# Erlang/OTP 25.2.3 (Debian 12, erlang-base 1:25.2.3+dfsg-1+deb12u4): a port on a descriptor, open_port({fd, In, Out}, ...), clears
# O_NONBLOCK for all other holders of the open file description when it is closed, and when the Erlang node ends.
#
# A port sets O_NONBLOCK when it begins and clears it at its end, whatever it was before. The flag belongs to the open file
# description: an eventfd, pipe or socket that other processes share. Those that made it non-blocking, and never touched it again,
# block in read(2) where they got EAGAIN, after some Erlang node that shared it has ended. Here the other holder is a Python
# process that passes the descriptor of an eventfd on and looks at the flag afterwards.
#
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed. Needs python3, 3.10 or newer.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

timeout --foreground 120 apt-get -qq download erlang-base=1:25.2.3+dfsg-1+deb12u4 2>/dev/null ||
    { echo "${0##*/}: cannot download the packages of Debian 12; is there a network?" >&2; exit 75; }
dpkg-deb -x ./*.deb root
export ROOTDIR=$place/root/usr/lib/erlang
BINDIR=$(echo "$ROOTDIR"/erts-*/bin)
export BINDIR EMU=beam PROGNAME=erl HOME=$place ERL_CRASH_DUMP_SECONDS=0

cat >try.py <<'PYTHON'
import fcntl, os, subprocess

fd = os.eventfd(0, os.EFD_NONBLOCK)
command = [os.environ["BINDIR"] + "/erlexec", "-noshell", "-boot", os.environ["ROOTDIR"] + "/bin/start_clean", "-eval"]

def nonblocking():
    return bool(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK)

def run(code):
    """Runs it until it has printed a line, then to the end of the node; what the flag is then, both times."""
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)
    erlang = subprocess.Popen(command + [code + ", io:format(\"~s~n\", [erlang:system_info(otp_release)]), io:get_line([]), halt()."],
                              pass_fds=[fd], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert erlang.stdout.readline() == b"25\n"
    running = nonblocking()
    erlang.communicate(timeout=30)
    return running, nonblocking()

port = f"Port = open_port({{fd, {fd}, {fd}}}, [binary])"
print("no port: non-blocking while the node runs %s, after its end %s" % run("ok"))
print("port open: non-blocking while the node runs %s, after its end %s" % run(port))
print("port closed: non-blocking while the node runs %s, after its end %s" % run(port + ", port_close(Port), timer:sleep(500)"))
PYTHON
cat >expected <<'OUTPUT'
no port: non-blocking while the node runs True, after its end True
port open: non-blocking while the node runs True, after its end False
port closed: non-blocking while the node runs False, after its end False
OUTPUT
timeout --foreground 60 python3 try.py | tee seen
diff expected seen
