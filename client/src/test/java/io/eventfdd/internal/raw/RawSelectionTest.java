package io.eventfdd.internal.raw;

import static io.eventfdd.internal.raw.RawHandles.result;
import static io.eventfdd.internal.raw.RawHandles.untilAwaited;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.ClosedEventfdException;
import io.eventfdd.client.Signal;
import io.eventfdd.internal.Deadline;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.AbstractList;
import java.util.List;

/** Waits on several raw eventfds. */
class RawSelectionTest {
    private final RawHandles handles = new RawHandles();
    private RawEventfd a;
    private RawEventfd b;
    private RawEventfd c;

    @BeforeEach
    void open() throws Exception {
        a = handles.counter();
        b = handles.semaphore(0);
        c = handles.counter();
    }

    @AfterEach
    void close() {
        handles.close();
    }

    private List<Signal> await(boolean all, boolean consume, Duration timeout)
            throws InterruptedException {
        return new RawSelection(List.of(a, b, c), handles.waits, all, consume)
                .await(Deadline.in(timeout));
    }

    private Signal signal(RawEventfd eventfd, long value) {
        return new Signal(eventfd.eventfdName(), value);
    }

    @Test
    void whatIsThereIsSeenAndLeft() throws Exception {
        a.write(3);
        c.write(4);
        assertThat(await(false, false, Duration.ZERO)).containsExactly(signal(a, 3), signal(c, 4));
        assertThat(await(true, false, Duration.ofMillis(5))).isEmpty();
        b.write(2);
        assertThat(await(true, false, Duration.ZERO))
                .containsExactly(signal(a, 3), signal(b, 2), signal(c, 4));
    }

    @Test
    void whatIsThereIsTaken() throws Exception {
        a.write(3);
        b.write(2);
        assertThat(await(true, true, Duration.ofMillis(5))).isEmpty();
        assertThat(a.count()).isEqualTo(3);
        assertThat(await(false, true, Duration.ZERO)).containsExactly(signal(a, 3), signal(b, 1));
        assertThat(b.count()).isEqualTo(1);
        assertThat(await(false, true, Duration.ZERO)).containsExactly(signal(b, 1));
        assertThat(await(false, true, Duration.ZERO)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void oneWakesAny(ThreadKind kind) throws Exception {
        var waiting = kind.call(() -> await(false, true, RawHandles.PATIENCE));
        untilAwaited(c);
        c.write(8);
        assertThat(result(waiting)).containsExactly(signal(c, 8));
    }

    @ParameterizedTest
    @EnumSource
    void theLastOneWakesAll(ThreadKind kind) throws Exception {
        var waiting = kind.call(() -> await(true, true, RawHandles.PATIENCE));
        untilAwaited(a);
        a.write(1);
        untilAwaited(b);
        c.write(1);
        assertThat(waiting.task().isDone()).isFalse();
        b.write(5);
        assertThat(result(waiting)).containsExactly(signal(a, 1), signal(b, 1), signal(c, 1));
        assertThat(b.count()).isEqualTo(4);
    }

    @ParameterizedTest
    @EnumSource
    void anInterruptOrACloseOfOneEndsIt(ThreadKind kind) throws Exception {
        var interrupted = kind.call(() -> await(false, true, RawHandles.PATIENCE));
        untilAwaited(c);
        interrupted.thread().interrupt();
        assertThatThrownBy(() -> result(interrupted))
                .hasCauseInstanceOf(InterruptedException.class);
        var closed = kind.call(() -> await(false, true, RawHandles.PATIENCE));
        untilAwaited(c);
        b.close();
        assertThatThrownBy(() -> result(closed)).hasCauseInstanceOf(ClosedEventfdException.class);
    }

    @ParameterizedTest
    @EnumSource
    void aCloseOfOneThatIsReadableEndsAWaitForAll(ThreadKind kind) throws Exception {
        a.write(1);
        var closed = kind.call(() -> await(true, false, RawHandles.PATIENCE.multipliedBy(2)));
        untilAwaited(b);
        a.close();
        assertThatThrownBy(() -> result(closed)).hasCauseInstanceOf(ClosedEventfdException.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aCloseOfOneLosesNothingThatWasTakenFromTheOthers(boolean all) throws Exception {
        a.write(3);
        b.write(1);
        c.write(4);
        var selection = new RawSelection(closingAfterTheLook(b), handles.waits, all, true);
        assertThatThrownBy(() -> selection.await(Deadline.NEVER))
                .isInstanceOf(ClosedEventfdException.class);
        assertThat(a.count()).isEqualTo(3);
        assertThat(c.count()).isEqualTo(4);
    }

    /** All of them; {@code closed} is closed after it was found readable. */
    private List<RawEventfd> closingAfterTheLook(RawEventfd closed) {
        var eventfds = List.of(a, b, c);
        return new AbstractList<>() {
            @Override
            public RawEventfd get(int index) {
                if (index > eventfds.indexOf(closed)) {
                    closed.close();
                }
                return eventfds.get(index);
            }

            @Override
            public int size() {
                return eventfds.size();
            }
        };
    }
}
