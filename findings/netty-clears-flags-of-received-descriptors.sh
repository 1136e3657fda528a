#!/usr/bin/env bash
# Netty 4.2.18 (io.netty:netty-transport-native-epoll): a descriptor that arrives at a channel with DomainSocketReadMode.FILE_DESCRIPTORS loses
# all its status flags, O_APPEND too, and gets O_NONBLOCK; for the sender as well, as the flags are the open file description's.
# One expects O_NONBLOCK to be added, if anything: Netty's own sockets are made so. But Netty sets the flags to O_NONBLOCK alone, before
# the handler sees the descriptor. A sender that goes on writing to the log that it has shared then overwrites the log's
# beginning, and one that blocks in read(2) on an eventfd that it has shared gets EAGAIN. Nothing is thrown or logged.
# Here Python sends Netty a log that it has open for appending and a blocking eventfd, and Netty does nothing with them.
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed. Needs python3, 3.10 or newer.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
echo '<project><modelVersion>4.0.0</modelVersion><groupId>try</groupId><artifactId>try</artifactId><version>1</version><dependencies><dependency><groupId>io.netty</groupId>
<artifactId>netty-transport-native-epoll</artifactId><version>4.2.18.Final</version><classifier>linux-x86_64</classifier></dependency></dependencies></project>' >pom.xml
timeout --foreground 300 mvn -B -ntp -q -Dstyle.color=never org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies -DoutputDirectory=lib >/dev/null 2>&1 ||
    { echo "${0##*/}: cannot download Netty; is there a network?" >&2; exit 75; }
cat >Try.java <<'JAVA'
import io.netty.channel.*;
import io.netty.channel.epoll.*;
import io.netty.channel.unix.*;
public class Try {
    public static void main(String[] arguments) throws Exception {
        var group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        new io.netty.bootstrap.Bootstrap().group(group).channel(EpollDomainSocketChannel.class)
                .option(EpollChannelOption.DOMAIN_SOCKET_READ_MODE, DomainSocketReadMode.FILE_DESCRIPTORS)
                .handler(new ChannelInboundHandlerAdapter() {
                    @Override public void channelRead(ChannelHandlerContext context, Object message) { System.out.println("Netty: a " + message); }
                }).connect(new DomainSocketAddress("socket")).sync().channel().closeFuture().sync();
        group.shutdownGracefully();
    }
}
JAVA
cat >try.py <<'PYTHON'
import fcntl, os, socket, subprocess
def show(when):
    print(f"{when}: the log appends {bool(fcntl.fcntl(log, fcntl.F_GETFL) & os.O_APPEND)}, the eventfd blocks {os.get_blocking(eventfd)}")
open("log", "w").write("first\n")
log, eventfd = os.open("log", os.O_WRONLY | os.O_APPEND), os.eventfd(0)
listener = socket.socket(socket.AF_UNIX)
listener.bind("socket"), listener.listen()
show("before")
java = subprocess.Popen(["java", "-cp", "lib/*", "Try.java"], stdout=subprocess.PIPE, text=True)
connection = listener.accept()[0]
for fd in log, eventfd:
    socket.send_fds(connection, [b"x"], [fd])
    print(java.stdout.readline().split("{")[0])
show("after")
os.write(log, b"later\n")
print("the log:", open("log").read().split())
connection.close(), java.wait()
PYTHON
timeout --foreground 90 python3 try.py 2>warnings | tee seen
diff seen - <<'OUTPUT'
before: the log appends True, the eventfd blocks True
Netty: a FileDescriptor
Netty: a FileDescriptor
after: the log appends False, the eventfd blocks False
the log: ['later']
OUTPUT
