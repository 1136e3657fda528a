package io.eventfdd.internal.raw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.ClosedEventfdException;
import io.eventfdd.client.Count;
import io.eventfdd.client.InvalidRequestException;
import io.eventfdd.client.ProblemType;
import io.eventfdd.client.WouldBlockException;
import io.eventfdd.internal.linux.Fd;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** What one thread sees of a raw eventfd. */
class RawEventfdTest {
    private static final Duration SHORT = Duration.ofMillis(20);

    private final RawHandles handles = new RawHandles();

    @AfterEach
    void close() {
        handles.close();
    }

    @Test
    void aCounterGivesAllThatWasWritten() throws Exception {
        var eventfd = handles.counter();
        eventfd.write(3);
        eventfd.write(4);
        assertThat(eventfd.count()).isEqualTo(7);
        assertThat(eventfd.read()).isEqualTo(7);
        assertThat(eventfd.count()).isZero();
        assertThat(eventfd.tryRead()).isEmpty();
    }

    @Test
    void aSemaphoreGivesOneAtATime() throws Exception {
        var eventfd = handles.semaphore(2);
        assertThat(eventfd.read()).isEqualTo(1);
        assertThat(eventfd.tryRead()).hasValue(1);
        assertThat(eventfd.tryRead()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "9007199254740993", "9223372036854775808", "18446744073709551614"})
    void unsignedValuesGoThroughUnchanged(String value) throws Exception {
        var eventfd = handles.counter();
        eventfd.write(Long.parseUnsignedLong(value));
        assertThat(Count.toString(eventfd.count())).isEqualTo(value);
        assertThat(Count.toString(eventfd.read())).isEqualTo(value);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1})
    void whatTheKernelDoesNotTakeIsRefused(long value) throws Exception {
        var eventfd = handles.counter();
        assertThatThrownBy(() -> eventfd.write(value))
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e ->
                                assertThat(e.problem().orElseThrow().type())
                                        .isEqualTo(ProblemType.INVALID_VALUE))
                .hasMessageContaining("is not 1 to 18446744073709551614");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aWriteWithoutRoomAddsNothing(boolean nonblocking) throws Exception {
        var eventfd = handles.counter();
        eventfd.write(Count.MAX);
        setNonblocking(eventfd, nonblocking);
        assertThat(eventfd.tryWrite(1)).isFalse();
        assertThatThrownBy(() -> eventfd.write(1)).isInstanceOf(WouldBlockException.class);
        long start = System.nanoTime();
        assertThat(eventfd.write(1, SHORT)).isFalse();
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(SHORT.toNanos());
        assertThat(eventfd.count()).isEqualTo(Count.MAX);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aWriteWithRoomDoesNotWait(boolean nonblocking) throws Exception {
        var eventfd = handles.counter();
        setNonblocking(eventfd, nonblocking);
        eventfd.write(5);
        assertThat(eventfd.tryWrite(6)).isTrue();
        assertThat(eventfd.write(7, SHORT)).isTrue();
        assertThat(eventfd.read()).isEqualTo(18);
    }

    @Test
    void aReadDoesNotBlockThoughAnotherHolderClearedTheFlag() throws Exception {
        var eventfd = handles.counter();
        setNonblocking(eventfd, false);
        assertThat(eventfd.tryRead()).isEmpty();
        assertThat(eventfd.read(SHORT)).isEmpty();
        assertThat(eventfd.await(SHORT)).isFalse();
    }

    @Test
    void timeoutsAreNeverEarly() throws Exception {
        var eventfd = handles.counter();
        for (var timeout : new Duration[] {Duration.ofNanos(1), Duration.ofMillis(3), SHORT}) {
            long start = System.nanoTime();
            assertThat(eventfd.read(timeout)).isEmpty();
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(timeout.toNanos());
            start = System.nanoTime();
            assertThat(eventfd.await(timeout)).isFalse();
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(timeout.toNanos());
        }
    }

    @Test
    void noTimeIsNoWait() throws Exception {
        var eventfd = handles.counter();
        assertThat(eventfd.read(Duration.ZERO)).isEmpty();
        assertThat(eventfd.await(Duration.ofSeconds(-1))).isFalse();
        eventfd.write(1);
        assertThat(eventfd.await(Duration.ZERO)).isTrue();
        assertThat(eventfd.read(Duration.ZERO)).hasValue(1);
    }

    @Test
    void anEndlessTimeoutIsTaken() throws Exception {
        var eventfd = handles.counter();
        eventfd.write(2);
        assertThat(eventfd.read(Duration.ofSeconds(Long.MAX_VALUE))).hasValue(2);
    }

    @Test
    void anInterruptedThreadDoesNotBeginToWait() throws Exception {
        var eventfd = handles.counter();
        eventfd.write(9);
        Thread.currentThread().interrupt();
        assertThatThrownBy(eventfd::read).isInstanceOf(InterruptedException.class);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> eventfd.await(SHORT)).isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
        Thread.currentThread().interrupt();
        assertThat(eventfd.tryRead()).hasValue(9);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void aClosedHandleSaysSo() throws Exception {
        var eventfd = handles.counter();
        eventfd.close();
        eventfd.close();
        assertThat(eventfd.isOpen()).isFalse();
        assertThat(eventfd.fd()).isEmpty();
        assertClosed(() -> eventfd.write(1));
        assertClosed(() -> eventfd.write(1, SHORT));
        assertClosed(eventfd::tryRead);
        assertClosed(eventfd::read);
        assertClosed(eventfd::await);
        assertClosed(eventfd::count);
        assertClosed(() -> get(eventfd.readAsync()));
        assertClosed(() -> get(eventfd.awaitAsync()));
        assertThat(eventfd).hasToString("eventfd e0 (closed)");
    }

    private static void get(CompletableFuture<Long> future) throws Throwable {
        try {
            future.get();
        } catch (ExecutionException e) {
            throw e.getCause();
        }
    }

    private static void assertClosed(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOf(ClosedEventfdException.class)
                .hasMessage("the handle on eventfd e0 is closed");
    }

    @Test
    void anotherHandleIsTheSameEventfd() throws Exception {
        var one = handles.counter();
        var other = handles.another(one);
        one.write(5);
        one.close();
        assertThat(other.tryRead()).isEqualTo(OptionalLong.of(5));
    }

    private static void setNonblocking(RawEventfd eventfd, boolean on) throws Exception {
        Fd.borrow(eventfd.fd().orElseThrow()).setNonblocking(on);
    }
}
