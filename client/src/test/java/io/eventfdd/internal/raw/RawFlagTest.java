package io.eventfdd.internal.raw;

import static io.eventfdd.internal.raw.RawHandles.result;
import static io.eventfdd.internal.raw.RawHandles.untilAwaited;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.ClosedEventfdException;
import io.eventfdd.client.Count;
import io.eventfdd.client.WouldBlockException;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.raw.ThreadKind.Running;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/** The count is full, and another holder sets and clears O_NONBLOCK as fast as it can. */
@Timeout(300)
class RawFlagTest {
    private static final int WRITES = 20_000;

    /** At most, on a busy machine. */
    private static final Duration RACE = Duration.ofSeconds(5);

    private static final Duration SHORT = Duration.ofMillis(20);
    private static final Duration HOUR = Duration.ofHours(1);

    private final RawHandles handles = new RawHandles(Duration.ZERO, ForkJoinPool.commonPool());
    private final AtomicBoolean over = new AtomicBoolean();
    private RawEventfd eventfd;
    private Running<Void> toggler;

    @BeforeEach
    void fillAndToggle() throws Exception {
        eventfd = handles.counter();
        eventfd.write(Count.MAX);
        var another = handles.another(eventfd);
        var fd = Fd.borrow(another.fd().orElseThrow());
        toggler =
                ThreadKind.PLATFORM.call(() -> {
                    while (!over.get()) {
                        fd.setNonblocking(false);
                        fd.setNonblocking(true);
                    }
                    return null;
                });
    }

    @AfterEach
    void end() throws Exception {
        over.set(true);
        result(toggler);
        handles.close();
    }

    @ParameterizedTest
    @EnumSource
    void aTryWriteAddsNothingAndDoesNotBlock(ThreadKind kind) throws Exception {
        List<Running<Integer>> writers = new ArrayList<>();
        long end = System.nanoTime() + RACE.toNanos();
        // A handle each: none has learnt from another that the count is full.
        for (int i = 0; i < 4; i++) {
            var handle = handles.another(eventfd);
            writers.add(
                    kind.call(() -> {
                        int accepted = 0;
                        for (int j = 0; j < WRITES && System.nanoTime() - end < 0; j++) {
                            accepted += handle.tryWrite(1) ? 1 : 0;
                        }
                        return accepted;
                    }));
        }
        for (var writer : writers) {
            assertThat(result(writer)).isZero();
        }
        assertThat(eventfd.count()).isEqualTo(Count.MAX);
    }

    @ParameterizedTest
    @EnumSource
    void theFirstWriteOfAHandleDoesNotBlockEither(ThreadKind kind) throws Exception {
        var refused =
                kind.call(() -> {
                    int count = 0;
                    for (int i = 0; i < 200; i++) {
                        var handle = handles.another(eventfd);
                        count += handle.tryWrite(1) ? 0 : 1;
                        handle.close();
                    }
                    return count;
                });
        assertThat(result(refused)).isEqualTo(200);
    }

    @Test
    void aWriteWithoutTimeSaysThatThereIsNoRoom() throws Exception {
        var write =
                ThreadKind.PLATFORM.call(() -> {
                    long end = System.nanoTime() + RACE.toNanos();
                    for (int i = 0; i < WRITES && System.nanoTime() - end < 0; i++) {
                        assertThatThrownBy(() -> eventfd.write(1))
                                .isInstanceOf(WouldBlockException.class);
                    }
                    return null;
                });
        result(write);
    }

    @ParameterizedTest
    @EnumSource
    void aWriteEndsAtItsTimeAndNotBefore(ThreadKind kind) throws Exception {
        for (int i = 0; i < 20; i++) {
            var write =
                    kind.call(() -> {
                        long start = System.nanoTime();
                        boolean written = eventfd.write(1, SHORT);
                        assertThat(System.nanoTime() - start)
                                .isGreaterThanOrEqualTo(SHORT.toNanos());
                        return written;
                    });
            assertThat(result(write)).isFalse();
        }
        assertThat(eventfd.count()).isEqualTo(Count.MAX);
    }

    @ParameterizedTest
    @EnumSource
    void anInterruptEndsAWrite(ThreadKind kind) throws Exception {
        var write = kind.call(() -> eventfd.write(1, HOUR));
        untilAwaited(eventfd);
        write.thread().interrupt();
        assertThatThrownBy(() -> result(write))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(InterruptedException.class);
        assertThat(eventfd.count()).isEqualTo(Count.MAX);
    }

    @ParameterizedTest
    @EnumSource
    void aCloseEndsAWrite(ThreadKind kind) throws Exception {
        var handle = handles.another(eventfd);
        var write = kind.call(() -> handle.write(1, HOUR));
        untilAwaited(handle);
        handle.close();
        assertThatThrownBy(() -> result(write))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(ClosedEventfdException.class);
        assertThat(eventfd.count()).isEqualTo(Count.MAX);
    }

    @ParameterizedTest
    @EnumSource
    void aWriteThatWaitsIsMadeOnceThereIsRoom(ThreadKind kind) throws Exception {
        for (int i = 0; i < 20; i++) {
            var write = kind.call(() -> eventfd.write(5, HOUR));
            untilAwaited(eventfd);
            assertThat(eventfd.tryRead()).hasValue(Count.MAX);
            assertThat(result(write)).isTrue();
            assertThat(eventfd.tryRead()).hasValue(5);
            eventfd.write(Count.MAX);
        }
    }

    @Test
    void aFutureThatIsCancelledGivesBackWithoutBlocking() throws Exception {
        assertThat(eventfd.tryRead()).hasValue(Count.MAX);
        for (int i = 0; i < 2_000; i++) {
            var future = eventfd.readAsync();
            eventfd.write(1);
            if (!future.cancel(true)) {
                assertThat(future.join()).isEqualTo(1);
                continue;
            }
            while (eventfd.tryRead().isEmpty()) {
                LockSupport.parkNanos(1_000);
            }
        }
    }
}
