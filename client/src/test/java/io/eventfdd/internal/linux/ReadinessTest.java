package io.eventfdd.internal.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

class ReadinessTest {
    private static final int BOUND = 20_000;

    private final Readiness readiness = new Readiness();
    private final List<EventFd> eventFds = new ArrayList<>();

    @AfterEach
    void close() {
        eventFds.forEach(EventFd::close);
    }

    private EventFd eventFd(long count) throws ErrnoException {
        var eventFd = EventFd.create(count, false, true);
        eventFds.add(eventFd);
        return eventFd;
    }

    @Test
    void eachIsAskedAtOnce() throws ErrnoException {
        readiness.begin(3);
        readiness.ask(eventFd(1).fd());
        readiness.ask(eventFd(0).fd());
        readiness.ask(eventFd(2).fd());
        assertThat(readiness.await(0)).isEqualTo(2);
        assertThat(
                        List.of(
                                readiness.isReadable(0),
                                readiness.isReadable(1),
                                readiness.isReadable(2)))
                .containsExactly(true, false, true);
    }

    @Test
    void itTakesNothing() throws ErrnoException {
        var eventFd = eventFd(5);
        readiness.begin(1);
        readiness.ask(eventFd.fd());
        assertThat(readiness.await(0)).isEqualTo(1);
        assertThat(eventFd.read()).isEqualTo(5);
    }

    @Test
    void anotherBeginningForgetsWhatWasAskedBefore() throws ErrnoException {
        readiness.begin(1);
        readiness.ask(eventFd(1).fd());
        assertThat(readiness.await(0)).isEqualTo(1);
        readiness.begin(1);
        readiness.ask(eventFd(0).fd());
        assertThat(readiness.await(0)).isZero();
        assertThat(readiness.isReadable(0)).isFalse();
        readiness.begin(0);
        assertThat(readiness.await(0)).isZero();
    }

    @Test
    void aThousandHaveRoom() throws ErrnoException {
        for (int i = 0; i < 1024; i++) {
            eventFd(i % 2);
        }
        readiness.begin(1024);
        eventFds.forEach(eventFd -> readiness.ask(eventFd.fd()));
        assertThat(readiness.await(0)).isEqualTo(512);
        for (int i = 0; i < 1024; i++) {
            assertThat(readiness.isReadable(i)).isEqualTo(i % 2 == 1);
        }
    }

    @Test
    void oneThatFillsUpEndsTheWait() throws ErrnoException {
        var eventFd = eventFd(0);
        readiness.begin(1);
        readiness.ask(eventFd.fd());
        var wait = Bounded.start(() -> readiness.await(BOUND));
        eventFd.write(1);
        assertThat(Bounded.result(wait)).isEqualTo(1);
    }

    @Test
    void aWaitIsNotShorterThanItsTime() throws ErrnoException {
        readiness.begin(1);
        readiness.ask(eventFd(0).fd());
        long begun = System.nanoTime();
        assertThat(readiness.await(20)).isZero();
        assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(20_000_000);
    }

    @Test
    void roomCanBeAskedForToo() throws ErrnoException {
        var eventFd = eventFd(0);
        readiness.begin(1);
        readiness.ask(eventFd.fd(), Readiness.WRITABLE);
        assertThat(readiness.await(0)).isEqualTo(1);
        assertThat(readiness.isReadable(0)).isFalse();
        eventFd.write(-2L);
        assertThat(readiness.await(0)).isZero();
    }
}
