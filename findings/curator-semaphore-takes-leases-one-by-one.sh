#!/usr/bin/env bash
# Apache Curator 5.9.0 (org.apache.curator:curator-recipes, with ZooKeeper 3.9.3): InterProcessSemaphoreV2.acquire(n) takes its leases
# one by one and keeps them while it waits for the rest, so two processes that wait for n of n wait for each other for ever.
# One expects all or nothing, as of java.util.concurrent.Semaphore.acquire(n) and semop(2), and the Javadoc says that acquire(n)
# blocks until there are enough leases. But before each lease it queues anew for a lock of the semaphore, behind all that came
# meanwhile. So as soon as the leases are free, the two waiters get one each, in turn. This is no rare race: the lock is fair.
# They stand still until one's timeout ends, if it has one. Who needs several leases at once takes a mutex first.
# Here two clients wait for 2 leases of 2, one up to 8 seconds and the other up to 30; a third client has them, and returns them.
# Exits with 0 if this is what happens, with 75 if there is no network or no such JDK, and with another status if that has changed.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
[[ $(java -version 2>&1) =~ 'version "'(17|18|19|2[0-3])[.\"] ]] || { echo "${0##*/}: needs a JDK, 17 to 23, as ZooKeeper 3.9.3 does" >&2; exit 75; }
echo '<project><modelVersion>4.0.0</modelVersion><groupId>try</groupId><artifactId>try</artifactId><version>1</version><dependencies><dependency><groupId>org.apache.curator</groupId>
<artifactId>curator-recipes</artifactId><version>5.9.0</version></dependency><dependency><groupId>org.apache.curator</groupId><artifactId>curator-test</artifactId><version>5.9.0</version></dependency></dependencies></project>' >pom.xml
timeout --foreground 300 mvn -B -ntp -q -Dstyle.color=never org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies -DoutputDirectory=lib >/dev/null 2>&1 ||
    { echo "${0##*/}: cannot download Curator; is there a network?" >&2; exit 75; }
cat >Try.java <<'JAVA'
import java.util.concurrent.*;
import org.apache.curator.framework.*;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
public class Try {
    public static void main(String[] arguments) throws Exception {
        try (var server = new org.apache.curator.test.TestingServer(); var a = client(server); var b = client(server); var c = client(server)) {
            var all = new InterProcessSemaphoreV2(c, "/s", 2).acquire(2);
            var first = CompletableFuture.supplyAsync(() -> acquire2(a, 8));
            while (children(c, "/s/leases") < 3) Thread.sleep(50);
            var second = CompletableFuture.supplyAsync(() -> acquire2(b, 30));
            while (children(c, "/s/locks") < 2) Thread.sleep(50);
            System.out.println("2 of 2 leases are held, two clients wait for 2");
            for (var lease : all) lease.close();
            var either = CompletableFuture.anyOf(first, second).completeOnTimeout("neither", 3, TimeUnit.SECONDS);
            System.out.println("all returned; after 3 seconds done: " + either.join());
            System.out.println("the one gives up with " + first.join() + ", then the other gets " + second.join());
        }
    }
    static CuratorFramework client(org.apache.curator.test.TestingServer server) {
        var client = CuratorFrameworkFactory.newClient(server.getConnectString(), (count, elapsed, sleeper) -> false);
        client.start();
        return client;
    }
    static int children(CuratorFramework client, String path) throws Exception {
        return client.checkExists().forPath(path) == null ? 0 : client.getChildren().forPath(path).size();
    }
    static int acquire2(CuratorFramework client, int seconds) {
        try {
            var leases = new InterProcessSemaphoreV2(client, "/s", 2).acquire(2, seconds, TimeUnit.SECONDS);
            return leases == null ? 0 : leases.size();
        } catch (Exception e) { throw new CompletionException(e); }
    }
}
JAVA
timeout --foreground 60 java -Djava.io.tmpdir="$place" -cp 'lib/*' Try.java 2>warnings | tee seen
diff seen - <<'OUTPUT'
2 of 2 leases are held, two clients wait for 2
all returned; after 3 seconds done: neither
the one gives up with 0, then the other gets 2
OUTPUT
