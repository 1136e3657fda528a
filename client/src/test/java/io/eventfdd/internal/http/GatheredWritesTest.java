package io.eventfdd.internal.http;

import static io.eventfdd.internal.http.HeldCalls.until;
import static io.eventfdd.internal.http.HeldCalls.untilQueued;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.Problem;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.http.HeldCalls.Caller;
import io.eventfdd.internal.wire.ProblemDocument;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/** Writes of many threads leave together, and each caller still has its own answer. */
@Timeout(300)
class GatheredWritesTest {
    private static final EventfdName A = new EventfdName("a");
    private static final EventfdName B = new EventfdName("b");

    /** A call that writes to it is held up. */
    private static final EventfdName SLOW = new EventfdName("slow");

    private final HeldCalls<HttpAnswer> held = new HeldCalls<>();
    private final Counters counters = new Counters();
    private final GatheredWrites writes = new GatheredWrites(counters::write);

    /** Counters that are written all or none, as the daemon does. */
    private final class Counters {
        final Map<EventfdName, Long> counts = new ConcurrentHashMap<>();
        final Map<EventfdName, Long> room = new ConcurrentHashMap<>();
        final List<Map<EventfdName, Long>> calls = new CopyOnWriteArrayList<>();
        final AtomicBoolean broken = new AtomicBoolean();
        final CountDownLatch slowCall = new CountDownLatch(1);
        final CountDownLatch slowAnswer = new CountDownLatch(1);

        HttpAnswer write(Map<EventfdName, Long> values) {
            held.pass();
            if (values.containsKey(SLOW)) {
                slowCall.countDown();
                try {
                    slowAnswer.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
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

    private List<Caller<HttpAnswer>> keepBusy() {
        return held.keepBusy(() -> writes.write(A, 1));
    }

    /** A write that waits behind those under way. */
    private Caller<HttpAnswer> gather(EventfdName name, long value) {
        return held.gather(() -> writes.write(name, value));
    }

    private static int status(Caller<HttpAnswer> writer) throws Exception {
        return writer.result().status();
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
        held.release();
        for (var writer : all) {
            assertThat(status(writer)).isEqualTo(200);
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
        held.release();
        assertThat(status(small)).isEqualTo(200);
        assertThat(status(large)).isEqualTo(ProblemType.WOULD_BLOCK.status());
        assertThat(counters.counts).containsEntry(B, 4L);
    }

    @Test
    void theOthersOfACallWithoutRoomLeaveTogetherAgain() throws Exception {
        counters.room.put(B, 0L);
        keepBusy();
        var full = gather(B, 1);
        var first = gather(A, 5);
        var second = gather(A, 6);
        held.release();
        assertThat(status(full)).isEqualTo(ProblemType.WOULD_BLOCK.status());
        assertThat(status(first)).isEqualTo(200);
        assertThat(status(second)).isEqualTo(200);
        assertThat(counters.calls).contains(Map.of(A, 11L));
    }

    @Test
    void aSumIsNeverMoreThanOneWriteCanBe() throws Exception {
        keepBusy();
        var most = gather(B, Count.MAX);
        var more = gather(B, 1);
        held.release();
        most.result();
        more.result();
        assertThat(counters.calls).contains(Map.of(B, Count.MAX)).contains(Map.of(B, 1L));
    }

    @Test
    void aCallHasNoMoreNamesThanFitIntoABody() throws Exception {
        keepBusy();
        var writers =
                IntStream.range(0, GatheredWrites.MOST_NAMES + 1)
                        .mapToObj(i -> gather(new EventfdName("n" + i), 1))
                        .toList();
        held.release();
        for (var writer : writers) {
            assertThat(status(writer)).isEqualTo(200);
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
        held.release();
        var first = failure(one);
        var second = failure(other);
        assertThat(first).isNotSameAs(second);
        assertThat(first.getStackTrace()).isNotEmpty();
    }

    private static ConnectionLostException failure(Caller<HttpAnswer> writer) {
        return (ConnectionLostException)
                assertThatExceptionOfType(ExecutionException.class)
                        .isThrownBy(writer::result)
                        .withCauseInstanceOf(ConnectionLostException.class)
                        .actual()
                        .getCause();
    }

    @Test
    void afterAFailureTheNextWritesLeaveAsBefore() throws Exception {
        keepBusy();
        var failed = gather(B, 1);
        counters.broken.set(true);
        held.release();
        failure(failed);
        counters.broken.set(false);
        assertThat(writes.write(B, 2).status()).isEqualTo(200);
        assertThat(counters.counts).containsEntry(B, 2L);
    }

    @Test
    void anInterruptIsKeptForLater() throws Exception {
        keepBusy();
        var interrupted = new AtomicBoolean();
        var writer =
                held.gather(() -> {
                    var answer = writes.write(B, 1);
                    interrupted.set(Thread.currentThread().isInterrupted());
                    return answer;
                });
        var thread = writer.thread();
        thread.interrupt();
        until(() -> thread.getState() == Thread.State.WAITING && !thread.isInterrupted());
        held.release();
        writer.result();
        assertThat(interrupted).isTrue();
        assertThat(counters.counts).containsEntry(B, 1L);
    }

    // Writes whose threads do not have to wait for other calls

    private Caller<Optional<HttpAnswer>> gatherUntil(
            Deadline deadline, CallHandle handle, EventfdName name) {
        var caller = new Caller<>(() -> tryWrite(deadline, handle, name));
        untilQueued(caller);
        return caller;
    }

    private Optional<HttpAnswer> tryWrite(Deadline deadline, CallHandle handle, EventfdName name)
            throws InterruptedException {
        return writes.write(name, 1, deadline, handle, () -> counters.write(Map.of(name, 1L)));
    }

    @Test
    void aWriteLeavesTheQueueIfItsThreadIsInterrupted() throws Exception {
        var all = keepBusy();
        var writer = gatherUntil(Deadline.NEVER, new CallHandle(), B);
        all.add(gather(A, 1));
        writer.thread().interrupt();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(writer::result)
                .withCauseInstanceOf(InterruptedException.class);
        held.release();
        for (var other : all) {
            assertThat(status(other)).isEqualTo(200);
        }
        assertThat(counters.counts).containsOnlyKeys(A);
    }

    @Test
    void aWriteLeavesTheQueueIfItsHandleIsEnded() throws Exception {
        keepBusy();
        var handle = new CallHandle();
        var writer = gatherUntil(Deadline.NEVER, handle, B);
        handle.end();
        assertThat(writer.result()).isEmpty();
        assertThat(counters.counts).isEmpty();
    }

    @Test
    void aWriteLeavesTheQueueAtItsDeadline() throws Exception {
        keepBusy();
        var writer =
                new Caller<>(
                        () -> tryWrite(Deadline.in(Duration.ofMillis(1)), new CallHandle(), B));
        assertThat(writer.result()).isEmpty();
        assertThat(counters.counts).isEmpty();
    }

    @Test
    void aWriteThatIsInACallHasTheAnswerOfTheCallAndTheInterruptIsKept() throws Exception {
        keepBusy();
        gather(SLOW, 1);
        var interrupted = new AtomicBoolean();
        var handle = new CallHandle();
        var writer =
                new Caller<>(() -> {
                    var answer = tryWrite(Deadline.NEVER, handle, B);
                    interrupted.set(Thread.currentThread().isInterrupted());
                    return answer;
                });
        untilQueued(writer);
        held.release();
        counters.slowCall.await();
        writer.thread().interrupt();
        handle.end();
        until(() -> !writer.thread().isInterrupted());
        untilQueued(writer);
        counters.slowAnswer.countDown();
        assertThat(writer.result()).isPresent();
        assertThat(interrupted).isTrue();
        assertThat(counters.counts).containsEntry(B, 1L);
    }

    @Test
    void noWriteIsLostOrMadeTwiceThoughThreadsGiveUp() throws Exception {
        var written = new AtomicLong();
        var gaveUp = new AtomicLong();
        var writers = new ArrayList<Caller<Void>>();
        for (int i = 0; i < 24; i++) {
            var random = new Random(i);
            writers.add(
                    new Caller<>(() -> {
                        for (int k = 0; k < 1000; k++) {
                            var deadline = Deadline.in(Duration.ofNanos(random.nextInt(100_000)));
                            try {
                                var answer = tryWrite(deadline, new CallHandle(), A);
                                (answer.isPresent() ? written : gaveUp).incrementAndGet();
                            } catch (InterruptedException e) {
                                gaveUp.incrementAndGet();
                            }
                            writes.write(B, 1);
                        }
                        return null;
                    }));
        }
        var random = new Random(24);
        while (writers.stream().anyMatch(writer -> writer.thread().isAlive())) {
            writers.get(random.nextInt(writers.size())).thread().interrupt();
        }
        for (var writer : writers) {
            writer.result();
        }
        assertThat(written.get() + gaveUp.get()).isEqualTo(24_000);
        assertThat(counters.counts.getOrDefault(A, 0L)).isEqualTo(written.get());
        assertThat(counters.counts).containsEntry(B, 24_000L);
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
