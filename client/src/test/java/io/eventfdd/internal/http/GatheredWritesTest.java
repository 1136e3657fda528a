package io.eventfdd.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.Problem;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.ProblemDocument;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/** Writes of many threads leave together, and each caller still has its own answer. */
@Timeout(60)
class GatheredWritesTest {
    private static final EventfdName A = new EventfdName("a");
    private static final EventfdName B = new EventfdName("b");

    private final Counters counters = new Counters();
    private final GatheredWrites writes = new GatheredWrites(counters::write);

    /** Counters that are written all or none, as the daemon does; a call may be held up. */
    private static final class Counters {
        final Map<EventfdName, Long> counts = new ConcurrentHashMap<>();
        final Map<EventfdName, Long> room = new ConcurrentHashMap<>();
        final List<Map<EventfdName, Long>> calls = new CopyOnWriteArrayList<>();
        final AtomicInteger held = new AtomicInteger();
        final AtomicBoolean broken = new AtomicBoolean();
        final CountDownLatch released = new CountDownLatch(1);
        volatile int holding;

        HttpAnswer write(Map<EventfdName, Long> values) {
            if (held.getAndIncrement() < holding) {
                await(released);
            }
            if (broken.get()) {
                throw new ConnectionLostException("the connection ended", null);
            }
            return writeNow(values);
        }

        private synchronized HttpAnswer writeNow(Map<EventfdName, Long> values) {
            calls.add(Map.copyOf(values));
            var full =
                    values.entrySet().stream()
                            .filter(value ->
                                    value.getValue()
                                            > room.getOrDefault(value.getKey(), Long.MAX_VALUE))
                            .map(Map.Entry::getKey)
                            .toList();
            if (!full.isEmpty()) {
                var named = values.size() > 1 ? full : List.<EventfdName>of();
                var type = ProblemType.WOULD_BLOCK;
                var problem = new Problem(type, type.status(), "full", named);
                return new HttpAnswer(type.status(), ProblemDocument.bytes(problem), "");
            }
            values.forEach((name, value) -> {
                counts.merge(name, value, Long::sum);
                room.computeIfPresent(name, (same, left) -> left - value);
            });
            return new HttpAnswer(200, new byte[0], "");
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** A write on a thread of its own. */
    private final class Writer {
        final FutureTask<HttpAnswer> answer;
        final Thread thread;

        Writer(EventfdName name, long value) {
            answer = new FutureTask<>(() -> writes.write(name, value));
            thread = new Thread(answer, "writer-" + name + "-" + value);
            thread.setDaemon(true);
            thread.start();
        }

        int status() throws Exception {
            return answer.get().status();
        }
    }

    /** Starts as many calls as may be under way, which the daemon does not answer yet. */
    private List<Writer> keepBusy() {
        counters.holding = Gathering.MOST_ALONE;
        var first = new ArrayList<Writer>();
        for (int i = 1; i <= Gathering.MOST_ALONE; i++) {
            first.add(new Writer(A, 1));
            int begun = i;
            until(() -> counters.held.get() == begun);
        }
        return first;
    }

    /** A write that waits behind those under way. */
    private Writer gather(EventfdName name, long value) {
        var writer = new Writer(name, value);
        until(() -> writer.thread.getState() == Thread.State.WAITING);
        return writer;
    }

    private void release() {
        counters.released.countDown();
    }

    private static void until(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            assertThat(Thread.currentThread().isInterrupted()).as("out of time").isFalse();
            Thread.onSpinWait();
        }
    }

    @Test
    void aSingleWriteLeavesAsItIs() {
        assertThat(writes.write(A, 3).status()).isEqualTo(200);
        assertThat(counters.calls).containsExactly(Map.of(A, 3L));
    }

    @Test
    void writesThatComeMeanwhileLeaveTogether() throws Exception {
        var all = keepBusy();
        all.add(gather(A, 2));
        all.add(gather(B, 3));
        all.add(gather(A, 4));
        release();
        for (var writer : all) {
            assertThat(writer.status()).isEqualTo(200);
        }
        assertThat(counters.calls).contains(Map.of(A, 6L, B, 3L));
        assertThat(counters.calls).hasSize(Gathering.MOST_ALONE + 1);
    }

    @Test
    void ifASumHasNoRoomEachWriteIsTriedAlone() throws Exception {
        counters.room.put(B, 5L);
        keepBusy();
        var small = gather(B, 4);
        var large = gather(B, 9);
        release();
        assertThat(small.status()).isEqualTo(200);
        assertThat(large.status()).isEqualTo(ProblemType.WOULD_BLOCK.status());
        assertThat(counters.counts).containsEntry(B, 4L);
    }

    @Test
    void theOthersOfACallWithoutRoomLeaveTogetherAgain() throws Exception {
        counters.room.put(B, 0L);
        keepBusy();
        var full = gather(B, 1);
        var first = gather(A, 5);
        var second = gather(A, 6);
        release();
        assertThat(full.status()).isEqualTo(ProblemType.WOULD_BLOCK.status());
        assertThat(first.status()).isEqualTo(200);
        assertThat(second.status()).isEqualTo(200);
        assertThat(counters.calls).contains(Map.of(A, 11L));
    }

    @Test
    void aSumIsNeverMoreThanOneWriteCanBe() throws Exception {
        keepBusy();
        var most = gather(B, Count.MAX);
        var more = gather(B, 1);
        release();
        most.answer.get();
        more.answer.get();
        assertThat(counters.calls).contains(Map.of(B, Count.MAX)).contains(Map.of(B, 1L));
    }

    @Test
    void aCallHasNoMoreNamesThanFitIntoABody() throws Exception {
        keepBusy();
        var writers =
                IntStream.range(0, GatheredWrites.MOST_NAMES + 1)
                        .mapToObj(i -> gather(new EventfdName("n" + i), 1))
                        .toList();
        release();
        for (var writer : writers) {
            assertThat(writer.status()).isEqualTo(200);
        }
        assertThat(counters.calls)
                .allSatisfy(call ->
                        assertThat(call).hasSizeLessThanOrEqualTo(GatheredWrites.MOST_NAMES));
    }

    @Test
    void eachCallerHasAnExceptionOfItsOwn() throws Exception {
        keepBusy();
        var one = gather(A, 1);
        var other = gather(A, 1);
        counters.broken.set(true);
        release();
        var first = failure(one);
        var second = failure(other);
        assertThat(first).isNotSameAs(second);
        assertThat(first.getStackTrace()).isNotEmpty();
    }

    private static ConnectionLostException failure(Writer writer) {
        return (ConnectionLostException)
                assertThatExceptionOfType(ExecutionException.class)
                        .isThrownBy(writer.answer::get)
                        .withCauseInstanceOf(ConnectionLostException.class)
                        .actual()
                        .getCause();
    }

    @Test
    void afterAFailureTheNextWritesLeaveAsBefore() throws Exception {
        keepBusy();
        var failed = gather(B, 1);
        counters.broken.set(true);
        release();
        failure(failed);
        counters.broken.set(false);
        assertThat(writes.write(B, 2).status()).isEqualTo(200);
        assertThat(counters.counts).containsEntry(B, 2L);
    }

    @Test
    void anInterruptIsKeptForLater() throws Exception {
        keepBusy();
        var interrupted = new AtomicBoolean();
        var thread =
                new Thread(() -> {
                    writes.write(B, 1);
                    interrupted.set(Thread.currentThread().isInterrupted());
                });
        thread.start();
        until(() -> thread.getState() == Thread.State.WAITING);
        thread.interrupt();
        until(() -> thread.getState() == Thread.State.WAITING && !thread.isInterrupted());
        release();
        thread.join();
        assertThat(interrupted).isTrue();
        assertThat(counters.counts).containsEntry(B, 1L);
    }

    @Test
    void noWriteIsLostOrMadeTwice() {
        int threads = 32;
        int each = 500;
        var done = new Phaser(threads + 1);
        for (int i = 0; i < threads; i++) {
            var name = i % 3 == 0 ? B : A;
            var thread =
                    new Thread(() -> {
                        for (int k = 0; k < each; k++) {
                            assertThat(writes.write(name, 1).status()).isEqualTo(200);
                        }
                        done.arrive();
                    });
            thread.setDaemon(true);
            thread.start();
        }
        done.arriveAndAwaitAdvance();
        assertThat(counters.counts)
                .containsOnly(Map.entry(A, 21L * each), Map.entry(B, 11L * each));
        assertThat(counters.calls.size()).isLessThanOrEqualTo(threads * each);
    }
}
