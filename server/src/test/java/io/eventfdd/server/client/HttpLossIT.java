package io.eventfdd.server.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.eventfdd.server.DaemonUnderTest;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** No count is lost to those who give up, as over the raw descriptor. */
class HttpLossIT {
    private static final Duration RACE = Duration.ofSeconds(Long.getLong("eventfdd.test.race", 2));

    @Test
    void noCountIsLostToInterruptsTimeoutsOrCancels() throws Exception {
        // The key of a call that was cut off lives for seconds, and here all calls are cut off.
        try (var daemon = new DaemonUnderTest(Map.of("max-keys", "1000000"));
                var client =
                        EventfddClient.builder()
                                .runtimeDirectory(daemon.directory())
                                .transport(Transport.HTTP)
                                .connect()) {
            var eventfd = client.open("n", EventfdSpec.semaphoreOf(0));
            var taken = new LongAdder();
            long end = System.nanoTime() + RACE.toNanos();
            var failures = new CopyOnWriteArrayList<RuntimeException>();
            List<Thread> readers = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                boolean virtual = i % 2 == 0;
                Runnable reading =
                        () -> {
                            while (System.nanoTime() < end) {
                                try {
                                    readOnce(eventfd, taken);
                                } catch (RuntimeException e) {
                                    failures.add(e);
                                }
                            }
                        };
                readers.add(
                        virtual
                                ? Thread.ofVirtual().start(reading)
                                : Thread.ofPlatform().start(reading));
            }
            long written = 0;
            while (System.nanoTime() < end) {
                eventfd.write(1);
                written++;
                readers.get(ThreadLocalRandom.current().nextInt(readers.size())).interrupt();
            }
            for (var reader : readers) {
                assertThat(reader.join(Duration.ofSeconds(15))).as("no wait hangs").isTrue();
            }
            assertThat(failures).isEmpty();
            long all = written;
            // What was under way to those who gave up goes back in a moment.
            DaemonUnderTest.until(() -> taken.sum() + eventfd.count() == all);
            assertThat(taken.sum()).isPositive();
        }
    }

    private static void readOnce(io.eventfdd.client.Eventfd eventfd, LongAdder taken) {
        var random = ThreadLocalRandom.current();
        try {
            switch (random.nextInt(3)) {
                case 0 -> {
                    var future = eventfd.readAsync();
                    future.completeOnTimeout(0L, random.nextInt(3), TimeUnit.MILLISECONDS);
                    taken.add(future.join());
                }
                case 1 -> eventfd.tryRead().ifPresent(taken::add);
                default ->
                        eventfd.read(Duration.ofNanos(random.nextInt(3_000_000)))
                                .ifPresent(taken::add);
            }
        } catch (InterruptedException e) {
            // Nothing was taken.
        }
    }
}
