package io.eventfdd.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

class FdTest {
    private static final int F_GETFD = 1;
    private static final int FD_CLOEXEC = 1;
    private static final int STRANGERS = 4;

    private Map<Integer, String> before;

    @BeforeEach
    void look() throws IOException {
        before = Descriptors.open();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        assertThat(Descriptors.open()).isEqualTo(before);
    }

    private static Fd fd() throws ErrnoException {
        return EventFd.create(0, false, true).fd();
    }

    @Test
    void closingASecondTimeDoesNotCloseAStrangerWithTheSameNumber() throws ErrnoException {
        var first = fd();
        first.close();
        try (var stranger = fd()) {
            first.close();
            assertThat(first.isClosed()).isTrue();
            assertThat(stranger.isNonblocking()).isTrue();
        }
    }

    @Test
    void itStaysOpenUntilTheLastCallIsOver() throws ErrnoException {
        var fd = fd();
        assertThat(fd.acquire()).isTrue();
        assertThat(fd.acquire()).isTrue();
        fd.close();
        assertThat(fd.isClosed()).isTrue();
        assertThat(fd.acquire()).as("a call that comes after").isFalse();
        fd.release();
        assertThat(Descriptors.isOpen(fd.number())).isTrue();
        assertThat(fd.isNonblocking()).isTrue();
        fd.release();
        assertThatThrownBy(fd::isNonblocking)
                .hasMessageStartingWith("fcntl(fd=" + fd.number() + ", F_GETFL): EBADF (");
    }

    @Test
    void aCallThatIsOverLeavesItOpen() throws ErrnoException {
        var fd = fd();
        for (int i = 0; i < 3; i++) {
            assertThat(fd.acquire()).isTrue();
            fd.release();
        }
        assertThat(fd.isClosed()).isFalse();
        assertThat(fd.isNonblocking()).isTrue();
        fd.close();
        assertThat(fd.acquire()).isFalse();
    }

    @Test
    void aBorrowedOneIsItsOwnersToClose() throws ErrnoException {
        try (var own = fd()) {
            var borrowed = Fd.borrow(own.number());
            borrowed.close();
            assertThat(borrowed.isClosed()).isTrue();
            assertThat(borrowed.acquire()).isFalse();
            assertThat(own.isNonblocking()).isTrue();
        }
    }

    @Test
    void aNegativeNumberIsNone() {
        assertThatThrownBy(() -> Fd.adopt(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Fd.borrow(Integer.MIN_VALUE))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aDuplicateIsTheSameDescriptionAndOutlivesIt() throws ErrnoException {
        var eventFd = EventFd.create(5, false, true);
        try (var copy = EventFd.adopt(eventFd.fd().duplicate())) {
            assertThat(copy.fd().number()).isNotEqualTo(eventFd.fd().number());
            assertThat(Libc.fcntl(copy.fd().number(), F_GETFD, 0)).isEqualTo(FD_CLOEXEC);
            copy.fd().setNonblocking(false);
            assertThat(eventFd.fd().isNonblocking()).isFalse();
            eventFd.fd().setNonblocking(true);
            assertThat(copy.fd().isNonblocking()).isTrue();
            eventFd.close();
            assertThat(copy.read()).isEqualTo(5);
        }
    }

    @Test
    void waitingUntilNobodyUsesItEndsNoSoonerThanTheCall() throws ErrnoException {
        try (var fd = fd()) {
            fd.awaitUnused();
            fd.acquire();
            var over = new AtomicBoolean();
            var waiting =
                    Bounded.start(() -> {
                        fd.awaitUnused();
                        return over.get();
                    });
            over.set(true);
            fd.release();
            assertThat(Bounded.result(waiting)).isTrue();
        }
    }

    /**
     * Each round two threads use an eventfd that is closed meanwhile, and strangers are waiting for
     * its number: a call that has acquired it must never meet one of these.
     */
    @Test
    void noCallMeetsAStrangerUnderAReusedNumber() throws ErrnoException {
        long end = System.nanoTime() + Duration.ofSeconds(1).toNanos();
        long calls = 0;
        for (int round = 1; System.nanoTime() < end; round++) {
            int mark = round;
            var eventFd = EventFd.create(mark, false, true);
            var one = Bounded.start(() -> countWhileOpen(eventFd, mark));
            var other = Bounded.start(() -> countWhileOpen(eventFd, mark));
            for (int spins = round % 300; spins > 0; spins--) {
                Thread.onSpinWait();
            }
            var closer = Bounded.start(() -> close(eventFd));
            close(eventFd);
            var strangers = new ArrayList<EventFd>();
            for (int i = 0; i < STRANGERS; i++) {
                strangers.add(EventFd.create(0, false, true));
            }
            calls += Bounded.result(one) + Bounded.result(other);
            Bounded.result(closer);
            for (var stranger : strangers) {
                assertThat(stranger.count()).as("of one that nobody else closed").isZero();
                stranger.close();
            }
        }
        assertThat(calls).isPositive();
    }

    private static long countWhileOpen(EventFd eventFd, long mark) throws ErrnoException {
        long calls = 0;
        while (eventFd.fd().acquire()) {
            try {
                assertThat(eventFd.count()).isEqualTo(mark);
                calls++;
            } finally {
                eventFd.fd().release();
            }
        }
        return calls;
    }

    private static boolean close(EventFd eventFd) {
        eventFd.close();
        return true;
    }
}
