package io.eventfdd.server.client;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.EventfdLease;
import io.eventfdd.client.EventfdSemaphore;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.eventfdd.server.testing.DaemonProcess;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * What a {@code kill -9} of the daemon costs while leases are taken and ended: at most what is
 * under way. Each thread holds one lease all the time, and takes and releases another one again and
 * again. After each kill, the leases that are held are there, and the permits that are missing or
 * doubled are no more than there are threads.
 *
 * <p>{@code -Dconservation.kills=100} makes it longer.
 */
@Timeout(600)
class LeasesUnderWayIT {
    private static final int KILLS = Integer.getInteger("conservation.kills", 2);
    private static final int THREADS = 3; // for each transport
    private static final int ALL = 2 * THREADS;
    private static final int PERMITS = 1000;

    /** A directory in memory. */
    static final class InMemory implements TempDirFactory {
        @Override
        public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext extension)
                throws IOException {
            return Files.createTempDirectory(Path.of("/dev/shm"), "efd");
        }
    }

    @TempDir private Path disk;

    @TempDir(factory = InMemory.class)
    private Path memory;

    private final ExecutorService threads = Executors.newCachedThreadPool();

    /** A thread has it for reading while a call of it is under way. */
    private final ReentrantReadWriteLock calls = new ReentrantReadWriteLock(true);

    private final AtomicBoolean over = new AtomicBoolean();
    private final LongAdder taken = new LongAdder();
    private final LongAdder doubtful = new LongAdder();
    private long missing;

    /**
     * The table's line of a lease is written by the loop if the directory is in memory, and
     * otherwise by the table's thread.
     */
    @ParameterizedTest
    @ValueSource(strings = {"memory", "disk"})
    void aKillCostsNoMoreThanWhatIsUnderWay(String where) throws Exception {
        var parent = where.equals("disk") ? disk : memory;
        try (var daemon = DaemonProcess.startIn(parent, "--reclaim-time=1m");
                var raw = client(daemon, Transport.RAW);
                var http = client(daemon, Transport.HTTP);
                // What it holds raw, it brings back to the next daemon, with its count.
                var semaphore = raw.openSemaphore("permits", PERMITS);
                var overHttp = http.openSemaphore("permits", PERMITS)) {
            var held = new ArrayList<EventfdLease>();
            var running = new ArrayList<Future<?>>();
            for (int i = 0; i < THREADS; i++) {
                for (var one : List.of(semaphore, overHttp)) {
                    held.add(one.acquireLease(1));
                    running.add(threads.submit(() -> takeAndRelease(one)));
                }
            }
            for (int i = 0; i < KILLS; i++) {
                awaitCalls();
                daemon.signal("KILL");
                daemon.exitStatus();
                daemon.restart();
                awaitCalls();
                check(daemon, held);
            }
            over.set(true);
            for (var one : running) {
                one.get();
            }
            System.out.printf(
                    "leases under way, %s: %d kills, %d leases taken, %d calls in doubt, %d permits"
                            + " missing%n",
                    where, KILLS, taken.sum(), doubtful.sum(), missing);
        } finally {
            over.set(true);
            threads.shutdownNow();
        }
    }

    private static EventfddClient client(DaemonProcess daemon, Transport transport) {
        return EventfddClient.builder()
                .runtimeDirectory(daemon.directory())
                .transport(transport)
                .timeout(Duration.ofMinutes(1))
                .outage(Duration.ofMinutes(1))
                .connect();
    }

    private Void takeAndRelease(EventfdSemaphore semaphore) throws InterruptedException {
        while (!over.get()) {
            calls.readLock().lock();
            try (var lease = semaphore.acquireLease(1)) {
                taken.add(lease.permits());
            } catch (ConnectionLostException e) {
                doubtful.increment();
            } finally {
                calls.readLock().unlock();
            }
        }
        return null;
    }

    /** Waits until calls are carried out: the daemon is there, and the threads use it. */
    private void awaitCalls() {
        long enough = taken.sum() + 5L * ALL;
        until(() -> taken.sum() >= enough);
    }

    private void check(DaemonProcess daemon, List<EventfdLease> held) {
        calls.writeLock().lock();
        try {
            var state = daemon.state("permits");
            long now = PERMITS - state.path("count").asLong() - state.path("leased").asLong();
            assertThat(now)
                    .as("permits that are missing, or doubled if fewer than none")
                    .isBetween(missing - ALL, missing + ALL);
            missing = now;

            var ids = new TreeSet<>(daemon.get("/v1/leases").findValuesAsText("id"));
            assertThat(held).allMatch(EventfdLease::isHeld).allMatch(one -> ids.contains(one.id()));
            held.forEach(one -> ids.remove(one.id()));
            // Those of calls whose answer nobody got.
            assertThat(ids).hasSizeLessThanOrEqualTo(ALL);
            for (var id : ids) {
                daemon.request().delete("/v1/leases/" + id).then().statusCode(204);
            }
        } finally {
            calls.writeLock().unlock();
        }
    }
}
