package io.eventfdd.server.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdSemaphore;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.eventfdd.server.testing.DaemonProcess;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/**
 * What was written was read or remains, exactly, although the calls of many threads gather, the
 * threads are interrupted, and one daemon takes over from another while calls are under way.
 */
@Timeout(300)
class GatheredConservationIT {
    private static final int THREADS = 24;
    private static final int TAKEOVERS = 2;
    private static final int PERMITS = 5;

    private final AtomicLong written = new AtomicLong();
    private final AtomicLong read = new AtomicLong();
    private final AtomicLong held = new AtomicLong();
    private final AtomicLong calls = new AtomicLong();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private volatile boolean over;

    @Test
    void whatWasWrittenWasReadOrRemainsThoughCallsGatherOverTakeovers() throws Exception {
        try (var daemon = DaemonProcess.start("--max-keys=1000000");
                var client =
                        EventfddClient.builder()
                                .runtimeDirectory(daemon.directory())
                                .transport(Transport.HTTP)
                                .connect();
                var counter = client.open("c", EventfdSpec.counter());
                var semaphore = client.openSemaphore("s", PERMITS)) {
            var threads = begin(counter, semaphore);
            for (int i = 0; i < TAKEOVERS; i++) {
                awaitGathering(daemon);
                threads.forEach(Thread::interrupt);
                daemon.takeOver();
            }
            awaitGathering(daemon);
            over = true;
            for (var thread : threads) {
                assertThat(thread.join(Duration.ofSeconds(30))).as("no call hangs").isTrue();
            }
            assertThat(failures).isEmpty();
            assertThat(read).as("some of it was read").hasPositiveValue();
            assertThat(read.get() + counter.count()).isEqualTo(written.get());
            assertThat(held.get() + client.state("s").count()).isEqualTo(PERMITS);
        }
    }

    private List<Thread> begin(Eventfd counter, EventfdSemaphore semaphore) {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            var thread = i % 2 == 0 ? Thread.ofPlatform() : Thread.ofVirtual();
            threads.add(thread.start(() -> callOnUntilOver(counter, semaphore)));
        }
        return threads;
    }

    private void callOnUntilOver(Eventfd counter, EventfdSemaphore semaphore) {
        try {
            for (int value = 1; !over; value = value % 7 + 1) {
                counter.write(value);
                written.addAndGet(value);
                counter.tryRead().ifPresent(read::addAndGet);
                calls.addAndGet(2);
                if (semaphore.tryAcquire()) {
                    held.incrementAndGet();
                    semaphore.release();
                    held.decrementAndGet();
                    calls.incrementAndGet();
                }
                calls.incrementAndGet();
            }
        } catch (Throwable e) {
            failures.add(e);
        }
    }

    /** Waits until this daemon has answered fewer calls than the threads have made meanwhile. */
    private void awaitGathering(DaemonProcess daemon) {
        long answered = answered(daemon);
        long before = calls.get();
        DaemonProcess.until(
                Duration.ofMinutes(1),
                () ->
                        !failures.isEmpty()
                                || calls.get() - before > answered(daemon) - answered + THREADS);
    }

    private static long answered(DaemonProcess daemon) {
        var metrics = daemon.request().get("/metrics").asString();
        return Pattern.compile("(?m)^eventfdd_call_duration_seconds_count.* (\\S+)$")
                .matcher(metrics)
                .results()
                .mapToLong(count -> (long) Double.parseDouble(count.group(1)))
                .sum();
    }
}
