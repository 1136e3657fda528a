#!/usr/bin/env bash
# junixsocket 2.11.1 (com.kohlschutter.junixsocket, junixsocket-common and -native-common): close() of an AFUNIXSocket also closes all
# descriptors that came over it, though the program took them with getReceivedFileDescriptors() and reads from them.
# To the kernel a descriptor that came by SCM_RIGHTS has nothing to do with the socket any more, and neither guide nor Javadoc of
# junixsocket says otherwise. So one connects, receives, and lets try-with-resources close the connection, as everywhere else;
# streams on such a descriptor then fail with "Stream Closed". The socket has to live as long as the descriptors do.
# Here a Python process passes an eventfd, a semaphore of 3, to Java and to itself. After the close only Python can read.
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed. Needs python3, 3.10 or newer.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
for artifact in junixsocket-common:2.11.1 junixsocket-native-common:2.11.1; do
    timeout --foreground 200 mvn -B -ntp -q -Dstyle.color=never org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy -Dartifact=com.kohlschutter.junixsocket:$artifact -DoutputDirectory=lib >/dev/null 2>&1 ||
        { echo "${0##*/}: cannot download $artifact; is there a network?" >&2; exit 75; }
done
cat >pass.py <<'PYTHON'
import os, socket, subprocess
eventfd = os.eventfd(3, os.EFD_SEMAPHORE)
listener = socket.socket(socket.AF_UNIX)
listener.bind("socket")
listener.listen()
java = subprocess.Popen(["java", "-cp", "lib/*", "Try.java"])
connection = listener.accept()[0]
socket.send_fds(connection, [b"x"], [eventfd])
assert java.wait() == 0
a, b = socket.socketpair()
socket.send_fds(a, [b"x"], [eventfd])
received = socket.recv_fds(b, 1, 1)[1][0]
a.close(), b.close()
print("Python, socket closed: read", os.eventfd_read(received))
PYTHON
cat >Try.java <<'JAVA'
import java.io.*;
import org.newsclub.net.unix.*;

public class Try {
    public static void main(String[] arguments) throws IOException {
        FileInputStream eventfd;
        try (var socket = AFUNIXSocket.connectTo(AFUNIXSocketAddress.of(new File("socket")))) {
            socket.setAncillaryReceiveBufferSize(1024);
            socket.getInputStream().read();
            eventfd = new FileInputStream(socket.getReceivedFileDescriptors()[0]);
            System.out.println("Java, socket open: read " + eventfd.readNBytes(8)[0]);
        }
        try {
            System.out.println("Java, socket closed: read " + eventfd.readNBytes(8)[0]);
        } catch (IOException e) {
            System.out.println("Java, socket closed: " + e.getMessage());
        }
    }
}
JAVA
timeout --foreground 60 python3 pass.py 2>warnings | tee seen
diff seen - <<'OUTPUT'
Java, socket open: read 1
Java, socket closed: Stream Closed
Python, socket closed: read 1
OUTPUT
