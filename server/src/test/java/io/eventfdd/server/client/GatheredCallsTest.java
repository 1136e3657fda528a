package io.eventfdd.server.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.NotFoundException;
import io.eventfdd.client.Transport;
import io.eventfdd.server.DaemonUnderTest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The calls of many threads leave together over HTTP, and each thread has its own result. */
@Timeout(300)
class GatheredCallsTest {
    private static final int THREADS = 24;
    private static final int CALLS = 400;
    private static final long TOP = -2; // 2^64-2, the greatest count

    private DaemonUnderTest daemon;
    private EventfddClient client;

    @BeforeEach
    void connect() throws Exception {
        daemon = new DaemonUnderTest(Map.of());
        client = daemon.client(Transport.HTTP);
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        daemon.close();
    }

    /** The sum of what {@code call} returns in each of its rounds on each thread. */
    private static long onAllThreads(Callable<Integer> call) throws Exception {
        try (var threads = Executors.newFixedThreadPool(THREADS)) {
            List<Future<Integer>> all = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                all.add(
                        threads.submit(() -> {
                            int sum = 0;
                            for (int round = 0; round < CALLS; round++) {
                                sum += call.call();
                            }
                            return sum;
                        }));
            }
            long sum = 0;
            for (var one : all) {
                sum += one.get();
            }
            return sum;
        }
    }

    @Test
    void whatIsWrittenIsThere() throws Exception {
        var a = client.open("a", EventfdSpec.counter());
        var b = client.open("b", EventfdSpec.counter());
        long written =
                onAllThreads(() -> {
                    a.write(1);
                    b.write(2);
                    return 3;
                });
        assertThat(a.count() + b.count()).isEqualTo(written);
    }

    @Test
    void whoeverIsToldThatThereIsNoRoomHasWrittenNothing() throws Exception {
        var full = client.open("full", EventfdSpec.counter());
        var free = client.open("free", EventfdSpec.counter());
        int room = 1000;
        full.write(TOP - room);
        long written =
                onAllThreads(() -> {
                    free.write(1);
                    return full.tryWrite(1) ? 1 : 0;
                });
        assertThat(written).isEqualTo(room);
        assertThat(full.count()).isEqualTo(TOP);
        assertThat(free.count()).isEqualTo((long) THREADS * CALLS);
    }

    @Test
    void aNameThatIsGoneFailsItsOwnWritersOnly() throws Exception {
        var gone = client.open("gone", EventfdSpec.counter());
        var there = client.open("there", EventfdSpec.counter());
        client.delete("gone");
        long failed =
                onAllThreads(() -> {
                    there.write(1);
                    try {
                        gone.write(1);
                        return 0;
                    } catch (NotFoundException e) {
                        assertThat(e.getMessage()).contains("gone");
                        return 1;
                    }
                });
        assertThat(failed).isEqualTo((long) THREADS * CALLS);
        assertThat(there.count()).isEqualTo((long) THREADS * CALLS);
    }

    @Test
    void eachPermitGoesToOneReader() throws Exception {
        int permits = THREADS * CALLS / 2;
        var semaphore = client.openSemaphore("s", permits);
        long taken = onAllThreads(() -> semaphore.tryAcquire() ? 1 : 0);
        assertThat(taken).isEqualTo(permits);
        assertThat(semaphore.tryAcquire()).isFalse();
    }

    @Test
    void permitsThatGoBackAndForthStayAsMany() throws Exception {
        int permits = 5;
        var semaphore = client.openSemaphore("s", permits);
        onAllThreads(() -> {
            if (semaphore.tryAcquire()) {
                semaphore.release();
            }
            return 0;
        });
        assertThat(client.state("s").count()).isEqualTo(permits);
    }
}
