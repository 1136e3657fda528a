package io.eventfdd.server.eventfds;

import static io.eventfdd.server.eventfds.LoopUnderTest.LONG;
import static io.eventfdd.server.eventfds.LoopUnderTest.NOT_AT_ALL;
import static io.eventfdd.server.eventfds.LoopUnderTest.result;
import static io.eventfdd.server.eventfds.LoopUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.internal.wire.ReadRequest;
import io.eventfdd.internal.wire.WaitRequest;
import io.eventfdd.internal.wire.WaitRequest.Mode;
import io.eventfdd.internal.wire.WriteManyRequest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;

/** Who is next, in the moments in which the loop does not know of everything yet. */
@Timeout(300)
class OrderTest {
    private static final Duration LONGER = LONG.multipliedBy(3);

    private LoopUnderTest it;
    private Caller client;
    private EventfdName a;
    private EventfdName b;

    @BeforeEach
    void start() throws Exception {
        it = new LoopUnderTest();
        client = it.client().caller();
        a = it.counter("a");
        b = it.counter("b");
    }

    @AfterEach
    void stop() throws Exception {
        it.close();
    }

    private CompletableFuture<Boolean> writing(int waiters, long value, Duration timeout) {
        var caller = it.client().caller();
        return it.waiting(a, waiters, () -> it.eventfds.write(a, value, timeout, caller));
    }

    private CompletableFuture<Optional<List<Reading>>> waitingForBoth(boolean consume) {
        var caller = it.client().caller();
        return it.waiting(a, 1, () -> it.eventfds.await(both(consume, LONG), caller));
    }

    private WaitRequest both(boolean consume, Duration timeout) {
        return new WaitRequest(List.of(a, b), Mode.ALL, consume, timeout);
    }

    private CompletableFuture<Optional<Reading>> reading(int waiters) {
        var caller = it.client().caller();
        return it.waiting(b, waiters, () -> it.eventfds.read(b, new ReadRequest(LONG), caller));
    }

    /** Runs {@code task} on the loop's thread after its look for events, and before all tasks. */
    private void betweenEventsAndTasks(Runnable task) {
        it.loop.submit(() ->
                it.loop.begin(() -> {
                    task.run();
                    return false;
                }));
    }

    /** Starts a call that the loop has to do; it is submitted when this returns. */
    private static <T> Future<T> submitted(Callable<T> call) {
        var future = new FutureTask<>(call);
        var thread = new Thread(future);
        thread.start();
        while (thread.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        return future;
    }

    @Test
    void aWriterWithRoomIsNextWhenTheOneBeforeItGivesUp() {
        it.write(a, Count.MAX - 5);
        var tooMuch = writing(1, 100, LONG);
        var little = writing(2, 1, LONGER);
        it.pass(LONG);
        assertThat(result(tooMuch)).isFalse();
        assertThat(result(little)).isTrue();
    }

    @Test
    void aWriterToManyIsNextWhenTheOneBeforeItGivesUp() {
        it.write(a, Count.MAX - 5);
        var tooMuch = writing(1, 100, LONG);
        var entries = List.of(b, a).stream().map(n -> new WriteManyRequest.Entry(n, 1)).toList();
        var caller = it.client().caller();
        var little =
                it.waiting(
                        a,
                        2,
                        () -> it.eventfds.write(new WriteManyRequest(entries, LONGER), caller));
        it.pass(LONG);
        assertThat(result(tooMuch)).isFalse();
        assertThat(result(little)).isEmpty();
    }

    @Test
    void aReaderThatArrivesWithTheLastWriteDoesNotOvertakeAnObserverOfAll() throws Exception {
        it.write(b, 2);
        var observer = waitingForBoth(false);
        var reader = new CompletableFuture<Future<Optional<Reading>>>();
        betweenEventsAndTasks(() -> {
            it.eventfds.write(a, 1, NOT_AT_ALL, client);
            reader.complete(
                    submitted(() -> it.eventfds.read(b, new ReadRequest(NOT_AT_ALL), client)));
        });
        assertThat(result(reader).get().orElseThrow().value()).isEqualTo(2);
        assertThat(result(observer).orElseThrow()).hasToString("[a=1, b=2]");
    }

    @Test
    void whatGoesBackWithTheLastWriteIsShownToAnObserverOfAllBeforeAReaderTakesIt() {
        it.write(b, 3);
        var taken = it.eventfds.read(b, new ReadRequest(NOT_AT_ALL), client).orElseThrow();
        var observer = waitingForBoth(false);
        var reader = reading(2);
        betweenEventsAndTasks(() -> {
            it.eventfds.write(a, 1, NOT_AT_ALL, client);
            it.eventfds.putBack(List.of(taken));
        });
        assertThat(result(reader).orElseThrow().value()).isEqualTo(3);
        assertThat(result(observer).orElseThrow()).hasToString("[a=1, b=3]");
    }

    @Test
    void aReadOfAllThatDoesNotWaitGetsWhatIsBeingShownToMany() throws Exception {
        var observers =
                IntStream.range(0, 300)
                        .mapToObj(n -> it.client().caller())
                        .map(caller -> it.inBackground(() -> it.eventfds.await(b, LONG, caller)))
                        .toList();
        until(() -> it.eventfds.state(b, client).waiters() == observers.size());
        it.write(a, 1);
        var reader = new CompletableFuture<Future<Optional<List<Reading>>>>();
        betweenEventsAndTasks(() -> {
            it.eventfds.write(b, 7, NOT_AT_ALL, client);
            reader.complete(submitted(() -> it.eventfds.await(both(true, NOT_AT_ALL), client)));
        });
        assertThat(result(reader).get().orElseThrow()).hasToString("[a=1, b=7]");
        observers.forEach(o -> assertThat(result(o).orElseThrow().value()).isEqualTo(7));
    }
}
