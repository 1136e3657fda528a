package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

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
        assertThat(Descriptors.openedSince(before)).isEmpty();
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
            assertThat(LIBC.fcntl(copy.fd().number(), F_GETFD, 0)).isEqualTo(FD_CLOEXEC);
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

    // Another description under the same number

    @Test
    void replacedTheSameNumberLeadsToTheOther() throws ErrnoException {
        try (var one = EventFd.create(1, false, true);
                var other = EventFd.create(2, false, true)) {
            int number = one.fd().number();
            try (var before = EventFd.adopt(replace(one, other).orElseThrow())) {
                assertThat(one.fd().number()).isEqualTo(number);
                assertThat(one.isSameAs(other)).isTrue();
                assertThat(before.read()).isEqualTo(1);
                assertThat(one.read()).isEqualTo(2);
                assertThat(LIBC.fcntl(number, F_GETFD, 0)).isEqualTo(FD_CLOEXEC);
                assertThat(LIBC.fcntl(before.fd().number(), F_GETFD, 0)).isEqualTo(FD_CLOEXEC);
            }
        }
    }

    private static Optional<Fd> replace(EventFd one, EventFd other) throws ErrnoException {
        return one.fd().replace(other.fd(), () -> {}, () -> 0);
    }

    @Test
    void aClosedOneIsNotReplaced() throws ErrnoException {
        var one = EventFd.create(1, false, true);
        one.close();
        try (var other = EventFd.create(2, false, true)) {
            assertThat(replace(one, other)).isEmpty();
            assertThat(other.read()).isEqualTo(2);
        }
    }

    @Test
    void whereItCannotBeReplacedItIsWhatItWas() throws ErrnoException {
        var none = EventFd.adopt(Fd.borrow(1 << 30));
        try (var one = EventFd.create(1, false, true)) {
            assertThatThrownBy(() -> replace(one, none)).hasMessageContaining("EBADF");
            assertThat(one.fd().acquire()).as("calls go on").isTrue();
            one.fd().release();
            assertThat(one.read()).isEqualTo(1);
        }
    }

    @Test
    void closedWhileItIsReplacedItIsClosedOnceThatIsDone() throws ErrnoException {
        var one = EventFd.create(1, false, true);
        try (var other = EventFd.create(2, false, true)) {
            var before = one.fd().replace(other.fd(), one::close, () -> 0).orElseThrow();
            before.close();
            assertThat(one.fd().isClosed()).isTrue();
            assertThat(Descriptors.isOpen(one.fd().number())).isFalse();
        }
    }

    @Test
    void aCallThatIsIdleIsNotWaitedForAndOneThatIsNotIs() throws Exception {
        var one = EventFd.create(1, false, true);
        try (var other = EventFd.create(2, false, true)) {
            assertThat(one.fd().acquire()).isTrue();
            one.fd().replace(other.fd(), () -> {}, () -> 1).orElseThrow().close();
            var done = new AtomicBoolean();
            var replacing =
                    new Thread(() -> {
                        try {
                            replace(one, other).orElseThrow().close();
                            done.set(true);
                        } catch (ErrnoException e) {
                            throw new AssertionError(e);
                        }
                    });
            replacing.start();
            // Who comes now has to wait: it is about to be replaced.
            var calling =
                    new Thread(() -> {
                        while (!one.fd().acquire()) {
                            throw new AssertionError("closed");
                        }
                        assertThat(done).as("no call begins in the middle").isTrue();
                        one.fd().release();
                    });
            assertThat(done).isFalse();
            one.fd().release();
            replacing.join();
            calling.start();
            calling.join();
            assertThat(done).isTrue();
        } finally {
            one.close();
        }
    }

    /** Whoever is where: what is written is read, once, on the one or on the other. */
    @Test
    void nothingIsLostWhileReadersAndWritersMeetReplacements() throws Exception {
        var shared = EventFd.create(0, false, true);
        var others = List.of(EventFd.create(0, false, true), EventFd.create(0, false, true));
        var written = new LongAdder();
        var read = new LongAdder();
        var over = new AtomicBoolean();
        var threads = new ArrayList<Thread>();
        var failures = new CopyOnWriteArrayList<Throwable>();
        for (int i = 0; i < 4; i++) {
            boolean writes = i % 2 == 0;
            var thread =
                    new Thread(() -> {
                        try {
                            while (!over.get()) {
                                assertThat(shared.fd().acquire()).isTrue();
                                try {
                                    if (writes) {
                                        written.add(shared.write(3) ? 3 : 0);
                                    } else {
                                        read.add(shared.read());
                                    }
                                } finally {
                                    shared.fd().release();
                                }
                            }
                        } catch (Throwable e) {
                            failures.add(e);
                        }
                    });
            thread.start();
            threads.add(thread);
        }
        while (read.sum() == 0) {
            Thread.onSpinWait();
        }
        // Many, but on a busy machine each takes its time.
        long end = System.nanoTime() + Duration.ofSeconds(2).toNanos();
        for (int i = 0; i < 5_000 && System.nanoTime() < end; i++) {
            try (var before = EventFd.adopt(replace(shared, others.get(i % 2)).orElseThrow())) {
                long left = before.read();
                read.add(left);
            }
        }
        over.set(true);
        for (var thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
        shared.close();
        for (var other : others) {
            read.add(other.read());
            other.close();
        }
        assertThat(read.sum()).isEqualTo(written.sum()).isPositive();
    }

    @Test
    void theSameDescriptionComparesAsSuch() throws ErrnoException {
        try (var one = fd();
                var same = one.duplicate();
                var other = fd()) {
            var order = one.compare(same);
            assumeTrue(order.isPresent(), "kcmp(2) is for this process to ask");
            assertThat(order).hasValue(0);
            assertThat(one.compare(other).orElseThrow()).isNotZero();
        }
    }
}
