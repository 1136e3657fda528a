#!/usr/bin/env bash
# jetcd 0.8.7 (io.etcd:jetcd-core) on etcd 3.4.23 (Debian 12, etcd-server 3.4.23-4+b4): a lock request that was cancelled stays in the queue,
# is granted when its turn comes, and then nobody has the lock, as long as the lease lives.
# Lock.lock() returns a CompletableFuture, and get() with a limit and cancel(true) are how one gives up: there is no tryLock. But
# cancel(true) says true and reaches neither the call nor etcd. With a lease that is kept alive for all locks of the process, nobody
# else ever gets the lock, and the process itself does not know that it has it. A lease for each request withdraws it, if it is
# revoked when the request is given up.
# Here a holder unlocks after the second has given up, and a third waits. At last the lease of the second is revoked.
# Exits with 0 if this is what happens, with 75 if there is no network or no JDK, and with another status if that has changed.
set -euo pipefail
place=$(mktemp -d)
etcd=
trap '[ -z "$etcd" ] || { kill "$etcd" && wait "$etcd"; } 2>/dev/null || true; rm -rf "$place"' EXIT
cd "$place"
command -v java >/dev/null || { echo "${0##*/}: needs a JDK" >&2; exit 75; }
timeout --foreground 120 apt-get -qq download etcd-server=3.4.23-4+b4 2>/dev/null ||
    { echo "${0##*/}: cannot download the package of Debian 12; is there a network?" >&2; exit 75; }
dpkg-deb -x ./*.deb root
echo '<project><modelVersion>4.0.0</modelVersion><groupId>try</groupId><artifactId>try</artifactId><version>1</version><dependencies><dependency>
<groupId>io.etcd</groupId><artifactId>jetcd-core</artifactId><version>0.8.7</version></dependency></dependencies></project>' >pom.xml
timeout --foreground 300 mvn -B -ntp -q -Dstyle.color=never org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies -DoutputDirectory=lib >/dev/null 2>&1 ||
    { echo "${0##*/}: cannot download jetcd; is there a network?" >&2; exit 75; }
cat >Try.java <<'JAVA'
import io.etcd.jetcd.*;
import java.util.concurrent.*;
public class Try {
    public static void main(String[] arguments) throws Exception {
        var name = ByteSequence.from("name".getBytes());
        try (var client = Client.builder().endpoints(arguments[0]).build()) {
            var leases = client.getLeaseClient();
            var lock = client.getLockClient();
            long second = leases.grant(60).get().getID(), third = leases.grant(60).get().getID();
            var held = lock.lock(name, leases.grant(60).get().getID()).get().getKey();
            var request = lock.lock(name, second);
            System.out.println("the second: done within 2 seconds " + done(request) + ", cancelled " + request.cancel(true));
            lock.unlock(held).get();
            var waiting = lock.lock(name, third);
            System.out.println("unlocked; the third: done within 2 seconds " + done(waiting));
            leases.revoke(second).get();
            waiting.get(20, TimeUnit.SECONDS);
            System.out.println("the second's lease revoked; the third: has the lock");
        }
    }
    static boolean done(CompletableFuture<?> future) throws Exception {
        try { return future.get(2, TimeUnit.SECONDS) != null; } catch (TimeoutException e) { return false; }
    }
}
JAVA
timeout 80 root/usr/bin/etcd --data-dir data --listen-{client,peer}-urls=http://127.0.0.1:0 --advertise-client-urls=http://127.0.0.1:0 >log 2>&1 &
etcd=$!
for _ in {1..200}; do grep -qs 'serving insecure' log && break || sleep 0.1; done
timeout --foreground 60 java -cp 'lib/*' Try.java "http://$(grep -oP 'serving insecure client requests on \K[0-9.:]+' log)" 2>warnings | tee seen
diff seen - <<'OUTPUT'
the second: done within 2 seconds false, cancelled true
unlocked; the third: done within 2 seconds false
the second's lease revoked; the third: has the lock
OUTPUT
