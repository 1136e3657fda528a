package io.eventfdd.server.client;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.eventfdd.server.DaemonUnderTest;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;

/** The daemon keeps no more keys of a client than its calls under way need, whatever their rate. */
@Timeout(300)
class LiveKeysTest {
    private static final int THREADS = 8;
    private static final int CALLS = 1500;

    /**
     * Between the end of a call and the next request of its thread, another thread may take its key
     * along and be stopped then: so there may be one of each thread with each thread, and no more.
     */
    private static final int MOST_KEYS = THREADS * THREADS;

    @Test
    void farMoreCallsThanKeysGoThroughAtFullRate() throws Exception {
        try (var daemon =
                new DaemonUnderTest(
                        Map.of("max-keys", Integer.toString(MOST_KEYS), "key-life", "1h"))) {
            assertThat(written(daemon)).isEqualTo((long) THREADS * CALLS);
            // A client that closes does not wait for long until the daemon knows its last keys.
            until(() ->
                    daemon.request()
                            .get("/metrics")
                            .asString()
                            .contains("eventfdd_idempotency_keys 0.0\n"));
        }
    }

    /** What all threads took together, and what is left. */
    private static long written(DaemonUnderTest daemon) throws Exception {
        try (var client =
                        EventfddClient.builder()
                                .runtimeDirectory(daemon.directory())
                                .transport(Transport.HTTP)
                                .connect();
                var eventfd = client.open("n", EventfdSpec.counter());
                var threads = Executors.newFixedThreadPool(THREADS)) {
            var taken = new LongAdder();
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                all.add(threads.submit(() -> writeAndRead(eventfd, taken)));
            }
            for (var one : all) {
                one.get();
            }
            return taken.sum() + eventfd.count();
        }
    }

    private static void writeAndRead(Eventfd eventfd, LongAdder taken) {
        for (int i = 0; i < CALLS; i++) {
            eventfd.write(1);
            eventfd.tryRead().ifPresent(taken::add);
        }
    }
}
