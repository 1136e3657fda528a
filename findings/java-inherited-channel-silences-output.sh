#!/usr/bin/env bash
# OpenJDK 17 and 25: close() of the channel that System.inheritedChannel() returns also replaces stdin, stdout and stderr of the
# whole process by /dev/null.
#
# A service that inherits its listening socket as its stdin (inetd, or systemd's StandardInput=socket) closes it first when it stops,
# and then finishes what it has begun. From that moment all that it prints, its log and the stack trace of what fails, is lost
# without an error: System.out.checkError() is false. A child that inherits the output is as silent. The Javadoc of inheritedChannel
# has no word of it. What was opened before as a second descriptor of the output still works. Here Python passes a listening Unix
# socket, and Java leaves the channel open or closes it.
#
# Exits with 0 if this is what happens, with 75 if there is no JDK, and with another status if that has changed. Needs python3.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
command -v javac >/dev/null || { echo "${0##*/}: needs a JDK" >&2; exit 75; }
cat >Try.java <<'JAVA'
import java.io.*;
import java.nio.channels.ServerSocketChannel;

public class Try {
    public static void main(String[] arguments) throws Exception {
        var copy = new PrintStream(new FileOutputStream("/proc/self/fd/1"), true);
        var server = (ServerSocketChannel) System.inheritedChannel();
        System.out.println("Java: a socket at " + server.getLocalAddress());
        if (arguments[0].equals("close")) server.close();
        System.out.println("Java: the last order is done");
        copy.println("Java: an error of stdout " + System.out.checkError());
        new ProcessBuilder("echo", "a child: done").inheritIO().start().waitFor();
        new Exception("a failure").printStackTrace();
    }
}
JAVA
cat >try.py <<'PYTHON'
import socket, subprocess

server = socket.socket(socket.AF_UNIX)
server.bind("socket")
server.listen()
for what in "stay open", "close":
    print(f"{what}:")
    java = subprocess.run(["java", "-cp", ".", "Try", *what.split()[-1:]], stdin=server, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30, text=True)
    print(java.stdout, end="")
    print("on stderr a failure:", "a failure" in java.stderr)
PYTHON
javac -d . Try.java
timeout --foreground 90 python3 try.py | tee seen
diff seen - <<'OUTPUT'
stay open:
Java: a socket at socket
Java: the last order is done
Java: an error of stdout false
a child: done
on stderr a failure: True
close:
Java: a socket at socket
Java: an error of stdout false
on stderr a failure: False
OUTPUT
