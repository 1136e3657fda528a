package io.eventfdd.server.client;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdSemaphore;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.eventfdd.server.testing.CuttingProxy;
import io.eventfdd.server.testing.DaemonProcess;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/**
 * What was written was read or remains, exactly, although the calls of many threads gather, the
 * threads are interrupted, one daemon takes over from another, connections are cut, and clients are
 * killed.
 */
@Timeout(300)
class GatheredConservationIT {
    private static final int THREADS = 24;

    /** Two, so that writes that leave together are seen to. */
    private static final List<String> COUNTERS = List.of("c", "d");

    private static final int TAKEOVERS = 2;
    private static final int CLIENTS = 3;
    private static final int PERMITS = 5;

    /** So many calls that carry the requests of several threads are cut. */
    private static final int CUTS = 30;

    /** So many calls are saved before something happens to them. */
    private static final int SAVED = 200;

    private static final Duration LONG = Duration.ofMinutes(1);

    private final AtomicLong written = new AtomicLong();
    private final AtomicLong read = new AtomicLong();
    private final AtomicLong held = new AtomicLong();
    private final AtomicLong calls = new AtomicLong();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private volatile boolean over;
    private DaemonProcess daemon;

    @BeforeEach
    void start() throws IOException {
        daemon = DaemonProcess.start("--max-keys=1000000");
    }

    @AfterEach
    void stop() throws IOException {
        daemon.close();
    }

    private static EventfddClient client(Path directory) {
        return EventfddClient.builder()
                .runtimeDirectory(directory)
                .transport(Transport.HTTP)
                .timeout(LONG)
                .outage(LONG)
                .connect();
    }

    @Test
    void whatWasWrittenWasReadOrRemainsOverTakeovers() throws Exception {
        try (var client = client(daemon.directory())) {
            var threads = begin(client);
            for (int i = 0; i < TAKEOVERS; i++) {
                awaitGathering();
                threads.forEach(Thread::interrupt);
                daemon.takeOver();
            }
            awaitGathering();
            end(threads, client);
        }
    }

    @Test
    void whatWasWrittenWasReadOrRemainsThoughConnectionsAreCut(@TempDir Path directory)
            throws Exception {
        try (var proxy = new CuttingProxy(directory.resolve("api.sock"), daemon.api());
                var client = client(directory)) {
            proxy.cutAtRandom(0.1);
            var threads = begin(client);
            until(
                    LONG,
                    () ->
                            !failures.isEmpty()
                                    || (proxy.writesCutTogether() >= CUTS
                                            && proxy.readsCutTogether() >= CUTS));
            end(threads, client);
        }
    }

    private List<Thread> begin(EventfddClient client) {
        List<Thread> threads = new ArrayList<>();
        for (var name : COUNTERS) {
            var counter = client.open(name, EventfdSpec.counter());
            var semaphore = client.openSemaphore("s", PERMITS);
            for (int i = 0; i < THREADS / COUNTERS.size(); i++) {
                var thread = i % 2 == 0 ? Thread.ofPlatform() : Thread.ofVirtual();
                threads.add(thread.start(() -> callOnUntilOver(counter, semaphore)));
            }
        }
        return threads;
    }

    private void callOnUntilOver(Eventfd counter, EventfdSemaphore semaphore) {
        try {
            for (int value = 1; !over; value = value % 7 + 1) {
                counter.write(value);
                calls.incrementAndGet();
                written.addAndGet(value);
                counter.tryRead().ifPresent(read::addAndGet);
                calls.incrementAndGet();
                boolean acquired = semaphore.tryAcquire();
                calls.incrementAndGet();
                if (acquired) {
                    held.incrementAndGet();
                    semaphore.release();
                    calls.incrementAndGet();
                    held.decrementAndGet();
                }
            }
        } catch (Throwable e) {
            failures.add(e);
        }
    }

    private void end(List<Thread> threads, EventfddClient client) throws InterruptedException {
        over = true;
        for (var thread : threads) {
            assertThat(thread.join(LONG)).as("no call hangs").isTrue();
        }
        assertThat(failures).isEmpty();
        assertThat(read).as("some of it was read").hasPositiveValue();
        long left = COUNTERS.stream().mapToLong(name -> client.state(name).count()).sum();
        assertThat(read.get() + left).isEqualTo(written.get());
        assertThat(held.get() + client.state("s").count()).isEqualTo(PERMITS);
    }

    /** Waits until this daemon has answered fewer calls than the threads have made meanwhile. */
    private void awaitGathering() {
        long answered = answered();
        long before = calls.get();
        // Each thread may have had an answer by then that it had not counted yet.
        long most = THREADS;
        until(
                LONG,
                () ->
                        !failures.isEmpty()
                                || calls.get() - before - most >= answered() - answered + SAVED);
    }

    private long answered() {
        var metrics = daemon.request().get("/metrics").asString();
        return Pattern.compile("(?m)^eventfdd_call_duration_seconds_count.* (\\S+)$")
                .matcher(metrics)
                .results()
                .mapToLong(count -> (long) Double.parseDouble(count.group(1)))
                .sum();
    }

    // Clients that are killed

    /**
     * The program of a client that is killed. Its threads share a client, write 1 and take permits,
     * and say so with one byte for each call that has returned.
     */
    static final class Doomed {
        private static final char WROTE = 'w';
        private static final char TOOK = 't';
        private static final char TOOK_NOTHING = 'n';

        private Doomed() {}

        public static void main(String[] directory) {
            var out = new FileOutputStream(FileDescriptor.out);
            var client = client(Path.of(directory[0]));
            for (int i = 0; i < THREADS; i++) {
                var counter = client.open("c", EventfdSpec.counter());
                var semaphore = client.openSemaphore("s", 0);
                Thread.ofPlatform()
                        .start(() -> {
                            try {
                                while (true) {
                                    counter.write(1);
                                    out.write(WROTE);
                                    out.write(semaphore.tryAcquire() ? TOOK : TOOK_NOTHING);
                                }
                            } catch (IOException e) {
                                throw new AssertionError(e);
                            }
                        });
            }
        }
    }

    @Test
    void ofWhatAClientDidThatWasKilledOneCallOfEachThreadIsInDoubt() throws Exception {
        long permits = 1_000_000;
        try (var client = client(daemon.directory())) {
            client.openSemaphore("s", permits);
            for (int i = 0; i < CLIENTS; i++) {
                var doomed = beginDoomed();
                var listener = Thread.ofPlatform().start(() -> listen(doomed.getInputStream()));
                awaitGathering();
                doomed.destroyForcibly();
                listener.join();
            }
            assertThat(failures).isEmpty();
            assertThat(read).as("permits were taken").hasPositiveValue();
            long doubt = (long) CLIENTS * THREADS;
            assertThat(client.state("c").count()).isBetween(written.get(), written.get() + doubt);
            assertThat(permits - client.state("s").count())
                    .isBetween(read.get(), read.get() + doubt);
        }
    }

    private Process beginDoomed() throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Doomed.class.getName(),
                        daemon.directory().toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private void listen(InputStream said) {
        try (said) {
            for (int one = said.read(); one >= 0; one = said.read()) {
                calls.incrementAndGet();
                if (one == Doomed.WROTE) {
                    written.incrementAndGet();
                } else if (one == Doomed.TOOK) {
                    read.incrementAndGet();
                }
            }
        } catch (IOException e) {
            failures.add(e);
        }
    }
}
