package io.eventfdd.internal.raw;

import static io.eventfdd.internal.raw.RawHandles.result;
import static io.eventfdd.internal.raw.RawHandles.until;
import static io.eventfdd.internal.raw.RawHandles.untilAwaited;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.Count;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/** Handles that move to another kernel object, as when a name leads to another one by now. */
@Timeout(300)
class RawMoveTest {
    private static final int MOVES = 500;

    /** At most, on a busy machine. */
    private static final Duration RACE = Duration.ofSeconds(5);

    private final RawHandles handles = new RawHandles();

    @AfterEach
    void close() {
        handles.close();
    }

    /** A descriptor of the object that {@code other} is a handle on. */
    private static Fd fdOf(RawEventfd other) throws Exception {
        return Fd.borrow(other.fd().orElseThrow()).duplicate();
    }

    @Test
    void itHasTheSameNumberAndTheCountComesAlong() throws Exception {
        var eventfd = handles.counter();
        var old = handles.another(eventfd);
        var other = handles.counter();
        int number = eventfd.fd().orElseThrow();
        eventfd.write(3);
        other.write(4);
        eventfd.moveTo(fdOf(other));
        assertThat(eventfd.fd()).hasValue(number);
        assertThat(eventfd.count()).isEqualTo(7);
        assertThat(other.count()).isEqualTo(7);
        assertThat(old.count()).isZero();
        assertThat(eventfd.read()).isEqualTo(7);
    }

    @Test
    void everyPermitOfASemaphoreComesAlong() throws Exception {
        var eventfd = handles.semaphore(5);
        var other = handles.semaphore(2);
        eventfd.moveTo(fdOf(other));
        assertThat(other.count()).isEqualTo(7);
    }

    @Test
    void whatHasNoRoomThereComesAlongOnceThereIsRoom() throws Exception {
        var eventfd = handles.counter();
        var other = handles.counter();
        eventfd.write(5);
        other.write(Count.MAX);
        eventfd.moveTo(fdOf(other));
        assertThat(other.count()).isEqualTo(Count.MAX);
        assertThat(other.tryRead()).hasValue(Count.MAX);
        until(() -> other.count() == 5);
    }

    @Test
    void aClosedOneLeavesTheCountToOthers() throws Exception {
        var eventfd = handles.counter();
        var holder = handles.another(eventfd);
        var other = handles.counter();
        eventfd.write(5);
        eventfd.close();
        eventfd.moveTo(fdOf(other));
        assertThat(holder.count()).isEqualTo(5);
        assertThat(other.count()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void aThreadThatReadsGoesOnThere(ThreadKind kind) throws Exception {
        var eventfd = handles.counter();
        var old = handles.another(eventfd);
        var other = handles.counter();
        var reading = kind.call(eventfd::read);
        untilAwaited(eventfd);
        eventfd.moveTo(fdOf(other));
        old.write(1);
        assertThat(reading.task().isDone()).as("nobody listens there any more").isFalse();
        other.write(42);
        assertThat(result(reading)).isEqualTo(42);
        assertThat(old.count()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void aThreadThatOnlyLooksGoesOnThere(ThreadKind kind) throws Exception {
        var eventfd = handles.counter();
        var other = handles.counter();
        var waiting = kind.call(() -> eventfd.await(RawHandles.PATIENCE));
        untilAwaited(eventfd);
        eventfd.moveTo(fdOf(other));
        other.write(42);
        assertThat(result(waiting)).isTrue();
        assertThat(other.count()).isEqualTo(42);
    }

    @ParameterizedTest
    @EnumSource
    void aThreadThatWaitsForRoomGetsItThere(ThreadKind kind) throws Exception {
        var eventfd = handles.counter();
        var other = handles.counter();
        eventfd.write(Count.MAX);
        var writing = kind.call(() -> eventfd.write(9, RawHandles.PATIENCE));
        untilAwaited(eventfd);
        assertThat(handles.another(eventfd).tryRead()).isPresent();
        eventfd.moveTo(fdOf(other));
        assertThat(result(writing)).isTrue();
        until(() -> other.count() == 9);
    }

    @Test
    void aFutureIsCompletedFromThere() throws Exception {
        var eventfd = handles.counter();
        var other = handles.counter();
        var value = eventfd.readAsync();
        eventfd.moveTo(fdOf(other));
        other.write(42);
        assertThat(value.get(RawHandles.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo(42);
    }

    @Test
    void whoeverWaitedThereGetsWhatComesAlong() throws Exception {
        var eventfd = handles.semaphore(0);
        var old = handles.another(eventfd);
        var other = handles.semaphore(0);
        var there = other.readAsync();
        var here = eventfd.readAsync();
        other.write(1);
        assertThat(there.get(RawHandles.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo(1);
        eventfd.moveTo(fdOf(other));
        assertThat(here).isNotDone();
        old.write(1);
        other.write(1);
        assertThat(here.get(RawHandles.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo(1);
    }

    /** It left its carrier in the middle of a call; those who wait for the move take them all. */
    @Test
    void aVirtualThreadThatTheMoveWaitsForCanEndItsCall() throws Exception {
        var eventfd = handles.counter();
        var other = handles.counter();
        var fd = eventfd.eventFd().fd();
        var calls = new AtomicBoolean();
        var mayEnd = new AtomicBoolean();
        var calling =
                ThreadKind.VIRTUAL.call(() -> {
                    assertThat(fd.acquire()).isTrue();
                    calls.set(true);
                    while (!mayEnd.get()) {
                        LockSupport.park();
                    }
                    fd.release();
                    return null;
                });
        until(calls::get);
        var there = fdOf(other);
        var moving =
                ThreadKind.PLATFORM.call(() -> {
                    eventfd.moveTo(there);
                    return null;
                });
        until(() ->
                Arrays.stream(moving.thread().getStackTrace())
                        .anyMatch(it -> it.getMethodName().equals("sched_yield")));
        var waiting = new ArrayList<ThreadKind.Running<OptionalLong>>();
        for (int i = 0; i < 4 * Runtime.getRuntime().availableProcessors(); i++) {
            waiting.add(ThreadKind.VIRTUAL.call(eventfd::tryRead));
        }
        mayEnd.set(true);
        LockSupport.unpark(calling.thread());
        result(calling);
        result(moving);
        for (var one : waiting) {
            assertThat(result(one)).isEmpty();
        }
    }

    /** Two handles of two processes, as it were, which move again and again under load. */
    @ParameterizedTest
    @EnumSource
    void noCountIsLostUnderWay(ThreadKind kind) throws Exception {
        var eventfd = handles.counter();
        var objects = new ArrayList<RawEventfd>();
        objects.add(handles.another(eventfd));
        objects.add(handles.counter());
        objects.add(handles.counter());
        var running = new AtomicBoolean(true);
        var written = new LongAdder();
        var taken = new LongAdder();
        var threads = new ArrayList<ThreadKind.Running<Void>>();
        for (int i = 0; i < 2; i++) {
            threads.add(
                    kind.call(() -> {
                        for (long value = 1; running.get(); value = value % 9 + 1) {
                            if (eventfd.tryWrite(value)) {
                                written.add(value);
                            }
                            LockSupport.parkNanos(1);
                        }
                        return null;
                    }));
            threads.add(
                    kind.call(() -> {
                        while (running.get()) {
                            eventfd.read(Duration.ofMillis(20)).ifPresent(taken::add);
                        }
                        return null;
                    }));
        }
        until(() -> taken.sum() > 0);
        long end = System.nanoTime() + RACE.toNanos();
        for (int i = 1; i <= MOVES && System.nanoTime() < end; i++) {
            eventfd.moveTo(fdOf(objects.get(i % 3)));
        }
        running.set(false);
        for (var thread : threads) {
            result(thread);
        }
        // What was on its way to nobody is back once no delivery is under way.
        until(() -> eventfd.line().deliveries() == 0);
        for (var object : objects) {
            object.tryRead().ifPresent(taken::add);
        }
        assertThat(taken.sum()).isEqualTo(written.sum()).isPositive();
    }

    @Test
    void descriptorsAreAsManyAsBefore() throws Exception {
        var eventfd = handles.counter();
        var other = handles.counter();
        var waiting = eventfd.readAsync();
        eventfd.moveTo(fdOf(other));
        long before = RawHandles.openDescriptors();
        for (int i = 0; i < 100; i++) {
            eventfd.moveTo(EventFd.create(0, false, true).fd());
        }
        assertThat(RawHandles.openDescriptors()).isLessThanOrEqualTo(before);
        assertThat(waiting).isNotDone();
    }
}
