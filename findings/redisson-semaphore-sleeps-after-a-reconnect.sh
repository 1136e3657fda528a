#!/usr/bin/env bash
# Redisson 4.7.0 (org.redisson:redisson) on Redis 7.0.15 (Debian 12, redis-tools 5:7.0.15-1~deb12u10): RSemaphore.acquire() sleeps on beside a
# free permit if the connection on which it listens was cut for a moment, and the permit was released just then.
# A release adds to the key and publishes a message that wakes the waiters, and Redis keeps no message for those who are away. One
# expects that Redisson looks at the key again once it is connected again, and it does subscribe again at once. But the waiter tries
# again only at the next message, and has no other limit. So after a restart of Redis or a failover a waiter may wait for ever
# beside a free permit, with healthy connections. tryAcquire() with a time limit, in a loop, has no such gap.
# Here one transaction of Redis cuts the subscriptions, and adds and publishes a permit as release() does, so no chance is in it.
# Exits with 0 if this is what happens, with 75 if there is no network or no JDK, and with another status if that has changed. Needs python3.
set -euo pipefail
place=$(mktemp -d)
trap 'kill "$(cat "$place/pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$place"' EXIT
cd "$place"
command -v java >/dev/null || { echo "${0##*/}: needs a JDK" >&2; exit 75; }
timeout --foreground 120 apt-get -qq download redis-tools=5:7.0.15-1~deb12u10 liblzf1=3.6-3 libjemalloc2=5.3.0-1 2>/dev/null ||
    { echo "${0##*/}: cannot download the packages of Debian 12; is there a network?" >&2; exit 75; }
for package in ./*.deb; do dpkg-deb -x "$package" root; done
echo '<project><modelVersion>4.0.0</modelVersion><groupId>try</groupId><artifactId>try</artifactId><version>1</version><dependencies><dependency>
<groupId>org.redisson</groupId><artifactId>redisson</artifactId><version>4.7.0</version></dependency></dependencies></project>' >pom.xml
timeout --foreground 300 mvn -B -ntp -q -Dstyle.color=never org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies -DoutputDirectory=lib >/dev/null 2>&1 ||
    { echo "${0##*/}: cannot download Redisson; is there a network?" >&2; exit 75; }
cat >Try.java <<'JAVA'
public class Try { public static void main(String[] arguments) throws Exception {
    var config = new org.redisson.config.Config();
    config.useSingleServer().setAddress("redis://127.0.0.1:" + arguments[0]);
    org.redisson.Redisson.create(config).getSemaphore("s").acquire();
    System.out.println("acquired");
    System.exit(0);
} }
JAVA
cat >try.py <<'PYTHON'
import glob, os, select, socket, subprocess, time
with socket.create_server(("127.0.0.1", 0)) as free: port = str(free.getsockname()[1])
redis = ["redis-server", "--bind", "127.0.0.1", "--port", port, "--unixsocket", "redis", "--save", "", "--pidfile", "pid", "--daemonize", "yes"]
subprocess.run(redis, executable="root/usr/bin/redis-check-rdb", env={"LD_LIBRARY_PATH": os.path.dirname(glob.glob("root/usr/lib/*/liblzf.so.1")[0])}, stdout=subprocess.DEVNULL, check=True)
wait = lambda condition: any(condition() or time.sleep(0.1) for _ in range(200)) # up to 20 s
wait(lambda: os.path.exists("redis"))
(client := socket.socket(socket.AF_UNIX)).connect("redis")
lines = client.makefile()
def ask(command, replies=1): # returns the last line of the reply
    client.sendall(command.encode() + b"\r\n")
    return [lines.readline().strip() for _ in range(replies)][-1]
listens = lambda: ask("PUBSUB NUMSUB redisson_sc:{s}", 4) == ":1"
java = subprocess.Popen(["timeout", "60", "java", "-cp", "lib/*", "Try.java", port], stdout=subprocess.PIPE, text=True)
acquired = lambda: bool(select.select([java.stdout], [], [], 10)[0])
print("waits, and listens:", wait(listens)), time.sleep(2) # it tries once more when it has begun to listen
for command in "MULTI", "CLIENT KILL TYPE pubsub", "INCR s", "PUBLISH redisson_sc:{s} 1": ask(command)
print(f"cut off, a permit released; the message reached {ask('EXEC', 4)[1:]}; listens again:", wait(listens))
ask("GET s"); print("acquired within 10 seconds:", acquired(), "- permits:", lines.readline().strip())
ask("PUBLISH redisson_sc:{s} 1"); print("after the next message, acquired within 10 seconds:", acquired())
java.wait()
PYTHON
timeout --foreground 90 python3 try.py 2>warnings | tee seen
diff seen - <<'OUTPUT'
waits, and listens: True
cut off, a permit released; the message reached 0; listens again: True
acquired within 10 seconds: False - permits: 1
after the next message, acquired within 10 seconds: True
OUTPUT
