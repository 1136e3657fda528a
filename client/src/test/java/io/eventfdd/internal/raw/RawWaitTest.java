package io.eventfdd.internal.raw;

import static io.eventfdd.internal.raw.RawHandles.result;
import static io.eventfdd.internal.raw.RawHandles.until;
import static io.eventfdd.internal.raw.RawHandles.untilAwaited;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.ClosedEventfdException;
import io.eventfdd.client.Count;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.Readiness;
import io.eventfdd.internal.raw.ThreadKind.Running;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits that something ends from elsewhere. */
class RawWaitTest {
    private static final Duration LONG = RawHandles.PATIENCE;

    private final RawHandles handles = new RawHandles();

    @AfterEach
    void close() {
        handles.close();
    }

    @ParameterizedTest
    @EnumSource
    void aReadGetsWhatIsWrittenMeanwhile(ThreadKind kind) throws Exception {
        var eventfd = handles.counter();
        var reading = kind.call(eventfd::read);
        untilAwaited(eventfd);
        eventfd.write(42);
        assertThat(result(reading)).isEqualTo(42);
        assertThat(eventfd.line().isOccupied()).isFalse();
    }

    @ParameterizedTest
    @EnumSource
    void anAwaitTakesNothing(ThreadKind kind) throws Exception {
        var eventfd = handles.counter();
        var waiting = kind.call(() -> eventfd.await(LONG));
        untilAwaited(eventfd);
        eventfd.write(42);
        assertThat(result(waiting)).isTrue();
        assertThat(eventfd.count()).isEqualTo(42);
    }

    @Test
    void aCountThatNobodyTookIsThereForTheNextToWait() throws Exception {
        var eventfd = handles.counter();
        var first = eventfd.awaitAsync();
        eventfd.write(42);
        assertThat(first.get(LONG.toSeconds(), TimeUnit.SECONDS)).isEqualTo(42);
        var second = eventfd.awaitAsync();
        assertThat(second.get(LONG.toSeconds(), TimeUnit.SECONDS)).isEqualTo(42);
    }

    @Test
    void futuresOneAfterTheOtherGetWhatIsWrittenBeforeAndAfter() throws Exception {
        var eventfd = handles.semaphore(0);
        for (int round = 0; round < 1000; round++) {
            var reading = eventfd.readAsync();
            eventfd.write(3);
            assertThat(reading.get(LONG.toSeconds(), TimeUnit.SECONDS)).isEqualTo(1);
            var awaiting = eventfd.awaitAsync();
            assertThat(awaiting.get(LONG.toSeconds(), TimeUnit.SECONDS)).isEqualTo(2);
            for (int left = 2; left > 0; left--) {
                assertThat(eventfd.readAsync().get(LONG.toSeconds(), TimeUnit.SECONDS))
                        .isEqualTo(1);
            }
            assertThat(eventfd.tryRead()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aWriteWaitsForRoomForItsValue(ThreadKind kind) throws Exception {
        var eventfd = handles.semaphore(0);
        eventfd.write(Count.MAX - 1);
        var writing = kind.call(() -> eventfd.write(3, LONG));
        untilAwaited(eventfd);
        // There is room for 1 all the time, so that poll(2) would say "writable" at once.
        eventfd.read();
        assertThat(writing.task().isDone()).isFalse();
        eventfd.read();
        assertThat(result(writing)).isTrue();
        assertThat(eventfd.count()).isEqualTo(Count.MAX);
    }

    @ParameterizedTest
    @EnumSource
    void aSmallWriteIsNotHeldUpByALargeOneThatGaveUp(ThreadKind kind) throws Exception {
        var eventfd = handles.semaphore(0);
        eventfd.write(Count.MAX);
        var large = kind.call(() -> eventfd.write(1000, LONG));
        untilAwaited(eventfd);
        var small = kind.call(() -> eventfd.write(1, LONG));
        until(() -> small.thread().getState() != Thread.State.RUNNABLE);
        eventfd.read();
        large.thread().interrupt();
        assertThatThrownBy(() -> result(large)).hasCauseInstanceOf(InterruptedException.class);
        assertThat(result(small)).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void anInterruptEndsAWaitAndTakesNothing(ThreadKind kind) throws Exception {
        var eventfd = handles.counter();
        for (int i = 0; i < 3; i++) {
            var reading = kind.call(eventfd::read);
            untilAwaited(eventfd);
            reading.thread().interrupt();
            assertThatThrownBy(() -> result(reading))
                    .hasCauseInstanceOf(InterruptedException.class);
            var waiting = kind.call(() -> eventfd.await(LONG));
            untilAwaited(eventfd);
            waiting.thread().interrupt();
            assertThatThrownBy(() -> result(waiting))
                    .hasCauseInstanceOf(InterruptedException.class);
        }
        eventfd.write(1);
        assertThat(eventfd.tryRead()).hasValue(1);
    }

    @ParameterizedTest
    @EnumSource
    void aCloseEndsAllWaits(ThreadKind kind) throws Exception {
        var eventfd = handles.counter();
        eventfd.write(Count.MAX);
        var writing = kind.call(() -> eventfd.write(1, LONG));
        untilAwaited(eventfd);
        eventfd.read();
        assertThat(result(writing)).isTrue();
        eventfd.read();
        List<Running<?>> waits = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            waits.add(kind.call(eventfd::read));
            waits.add(kind.call(() -> eventfd.await(LONG)));
        }
        var future = eventfd.readAsync();
        untilAwaited(eventfd);
        int number = eventfd.fd().orElseThrow();
        long id = EventFd.adopt(Fd.borrow(number)).id();
        assertThat(RawHandles.leadsTo(number, id)).isTrue();
        eventfd.close();
        until(() -> !RawHandles.leadsTo(number, id));
        for (var wait : waits) {
            assertThatThrownBy(() -> result(wait)).hasCauseInstanceOf(ClosedEventfdException.class);
        }
        assertThatThrownBy(() -> future.get(20, TimeUnit.SECONDS))
                .hasCauseInstanceOf(ClosedEventfdException.class);
    }

    @ParameterizedTest
    @EnumSource
    void eachPermitWakesOneReader(ThreadKind kind) throws Exception {
        var eventfd = handles.semaphore(0);
        List<Running<Long>> readers = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            readers.add(kind.call(eventfd::read));
        }
        untilAwaited(eventfd);
        for (int i = 0; i < 25; i++) {
            eventfd.write(2);
        }
        for (var reader : readers) {
            assertThat(result(reader)).isEqualTo(1);
        }
        assertThat(eventfd.count()).isZero();
    }

    @Test
    void allWhoOnlyWaitWakeAndOneWhoReadsGetsTheCount() throws Exception {
        var eventfd = handles.counter();
        List<CompletableFuture<Long>> waits = new ArrayList<>();
        var read = eventfd.readAsync();
        for (int i = 0; i < 10; i++) {
            waits.add(eventfd.awaitAsync());
        }
        eventfd.write(7);
        assertThat(read.get(20, TimeUnit.SECONDS)).isEqualTo(7);
        for (var wait : waits) {
            assertThat(wait.get(20, TimeUnit.SECONDS)).isIn(0L, 7L);
        }
        until(() -> !eventfd.line().isOccupied());
    }

    @Test
    void aFutureOfWhatIsThereIsDone() throws Exception {
        var eventfd = handles.counter();
        eventfd.write(7);
        assertThat(eventfd.awaitAsync().get(20, TimeUnit.SECONDS)).isEqualTo(7);
        assertThat(eventfd.readAsync()).isCompletedWithValue(7L);
    }

    @Test
    void aCancelledFutureLeavesTheLine() throws Exception {
        var eventfd = handles.counter();
        var first = eventfd.readAsync();
        var second = eventfd.readAsync();
        assertThat(first.cancel(true)).isTrue();
        eventfd.write(5);
        assertThat(second.get(20, TimeUnit.SECONDS)).isEqualTo(5);
        var third = eventfd.readAsync().orTimeout(1, TimeUnit.MILLISECONDS);
        assertThatThrownBy(third::get)
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(TimeoutException.class);
        until(() -> !eventfd.line().isOccupied());
    }

    /** The ways in which a future can end from outside. */
    enum End {
        COMPLETE,
        FAIL,
        CANCEL,
        TIME_OUT,
        TIME_OUT_WITH_VALUE;

        void reach(CompletableFuture<Long> future) {
            switch (this) {
                case COMPLETE -> future.complete(1L);
                case FAIL -> future.completeExceptionally(new IllegalStateException("unwanted"));
                case CANCEL -> future.cancel(true);
                case TIME_OUT -> future.orTimeout(1, TimeUnit.MILLISECONDS);
                case TIME_OUT_WITH_VALUE -> future.completeOnTimeout(1L, 1, TimeUnit.MILLISECONDS);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void onceAFutureIsSeenToHaveEndedItTakesNothing(End end) throws Exception {
        var eventfd = handles.counter();
        var future = eventfd.readAsync();
        var inLine = future.handle((value, failure) -> eventfd.line().isOccupied());
        end.reach(future);
        assertThat(inLine.get(20, TimeUnit.SECONDS)).isFalse();
    }

    @Test
    void whatWasTakenForAFutureThatIsCancelledJustThenGoesToTheNext() throws Exception {
        List<Runnable> completions = new CopyOnWriteArrayList<>();
        try (var held = new RawHandles(Duration.ZERO, completions::add)) {
            var eventfd = held.counter();
            var first = eventfd.readAsync();
            eventfd.write(Count.MAX);
            until(() -> !completions.isEmpty());
            var second = eventfd.readAsync();
            assertThat(first.cancel(true)).isTrue();
            completions.get(0).run();
            until(() -> completions.size() == 2);
            completions.get(1).run();
            assertThat(second).isCompletedWithValue(Count.MAX);
        }
    }

    @Test
    void whatWasTakenForACancelledFutureGoesBackThoughTheHandleIsClosed() throws Exception {
        List<Runnable> completions = new CopyOnWriteArrayList<>();
        try (var held = new RawHandles(Duration.ZERO, completions::add)) {
            var eventfd = held.counter();
            var witness = held.another(eventfd);
            var future = eventfd.readAsync();
            eventfd.write(9);
            until(() -> !completions.isEmpty());
            future.cancel(true);
            eventfd.close();
            completions.get(0).run();
            assertThat(witness.count()).isEqualTo(9);
        }
    }

    @Test
    void aCountThatNoWriteAddsAtOnceGoesBackInTwoParts() throws Exception {
        var eventfd = handles.counter();
        assertThat(eventfd.line().putBackFromOutside(Count.OVERFLOW)).isTrue();
        assertThat(eventfd.read(LONG)).hasValue(Count.MAX);
        assertThat(eventfd.read(LONG)).hasValue(1);
    }

    @Test
    void whatFindsNoRoomOnItsWayBackIsTheFirstToGetSome() throws Exception {
        List<Runnable> completions = new CopyOnWriteArrayList<>();
        try (var held = new RawHandles(Duration.ZERO, completions::add)) {
            var eventfd = held.counter();
            var future = eventfd.readAsync();
            eventfd.write(9);
            until(() -> !completions.isEmpty());
            eventfd.write(Count.MAX);
            future.cancel(true);
            completions.get(0).run();
            assertThat(eventfd.read()).isEqualTo(Count.MAX);
            assertThat(eventfd.read(LONG)).hasValue(9);
        }
    }

    /**
     * An executor may run its tasks on the thread that brings them. So the future of one eventfd is
     * completed by the thread that has just written to another one, under its alarm.
     */
    @Test
    void whatAFutureSetsOffMeetsNoAlarmOfAWriteBefore() throws Exception {
        try (var direct = new RawHandles(Duration.ZERO, Runnable::run)) {
            var full = direct.counter();
            var holder = direct.another(full);
            full.write(Count.MAX);
            var writing = ThreadKind.PLATFORM.call(() -> full.write(1, LONG));
            untilAwaited(full);
            var reader = direct.counter();
            var pause = Duration.ofMillis(100);
            var slept = reader.readAsync().thenApply(value -> timeOf(() -> sleepOnce(pause)));
            var gate = direct.counter();
            var isHeldUp = new CountDownLatch(1);
            var mayGoOn = new CountDownLatch(1);
            var heldUp =
                    gate.readAsync()
                            .thenAccept(value -> {
                                isHeldUp.countDown();
                                await(mayGoOn);
                            });
            gate.write(1);
            await(isHeldUp);
            // The thread finds both when it goes on, in the order of these calls.
            assertThat(holder.tryRead()).hasValue(Count.MAX);
            reader.write(1);
            mayGoOn.countDown();
            heldUp.get(LONG.toSeconds(), TimeUnit.SECONDS);
            assertThat(slept.get(LONG.toSeconds(), TimeUnit.SECONDS)).isGreaterThanOrEqualTo(pause);
            assertThat(result(writing)).isTrue();
        }
    }

    /** Sleeps in the kernel, until a signal ends that. */
    private static void sleepOnce(Duration time) {
        try {
            new Readiness().await((int) time.toMillis());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Did the close wait for its own future, it would take a second each time. */
    @Test
    void aHandleIsClosedFromWithinAFutureOfIts() throws Exception {
        var fastest = LONG;
        for (int i = 0; i < 5 && fastest.toMillis() > 900; i++) {
            var eventfd = handles.counter();
            var closing = eventfd.readAsync().thenApply(value -> timeOf(eventfd::close));
            eventfd.write(1);
            var time = closing.get(20, TimeUnit.SECONDS);
            fastest = time.compareTo(fastest) < 0 ? time : fastest;
        }
        assertThat(fastest).isLessThan(Duration.ofMillis(900));
    }

    private static Duration timeOf(Runnable call) {
        long start = System.nanoTime();
        call.run();
        return Duration.ofNanos(System.nanoTime() - start);
    }
}
