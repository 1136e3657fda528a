package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import static java.nio.charset.StandardCharsets.US_ASCII;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.FutureTask;

/** Real eventfds; the descriptors of this process are the same before and after. */
class EventFdTest {
    private static final long MAX = -2L;
    private static final int F_GETFD = 1;
    private static final int FD_CLOEXEC = 1;

    private final ReadBuffer buffer = new ReadBuffer();
    private Map<Integer, String> before;

    @BeforeEach
    void look() throws IOException {
        before = Descriptors.open();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        assertThat(Descriptors.openedSince(before)).isEmpty();
    }

    private static EventFd counter() throws ErrnoException {
        return EventFd.create(0, false, true);
    }

    private static EventFd blocking() throws ErrnoException {
        return EventFd.create(0, false, false);
    }

    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void everyFlagIsTheKernels(boolean semaphore, boolean nonblocking) throws IOException {
        try (var eventFd = EventFd.create(3, semaphore, nonblocking)) {
            int number = eventFd.fd().number();
            assertThat(eventFd.fd().isNonblocking()).isEqualTo(nonblocking);
            assertThat(LIBC.fcntl(number, F_GETFD, 0)).isEqualTo(FD_CLOEXEC);
            assertThat(Descriptors.info(number, "flags")).startsWith("02").endsWith("2");
            assertThat(eventFd.read()).isEqualTo(semaphore ? 1 : 3);
            assertThat(eventFd.count()).isEqualTo(semaphore ? 2 : 0);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2147483647, 2147483648L, 4294967295L})
    void theInitialCountIsUnsigned32Bits(long initial) throws IOException {
        try (var eventFd = EventFd.create(initial, false, true)) {
            assertThat(eventFd.count()).isEqualTo(initial);
            assertThat(eventFd.read()).isEqualTo(initial);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1",
                "10",
                "255",
                "9007199254740993",
                "9223372036854775807",
                "9223372036854775808",
                "18446744073709551613",
                "18446744073709551614"
            })
    void aCountComesBackWholeByEveryWay(String digits) throws IOException {
        long value = Long.parseUnsignedLong(digits);
        for (boolean nonblocking : new boolean[] {true, false}) {
            try (var eventFd = EventFd.create(0, false, nonblocking)) {
                assertThat(eventFd.write(value)).isTrue();
                assertThat(eventFd.count()).isEqualTo(value);
                assertThat(eventFd.read()).isEqualTo(value);
                assertThat(eventFd.count()).isZero();
                assertThat(eventFd.write(value)).isTrue();
                assertThat(eventFd.readNow(buffer)).isEqualTo(value);
                assertThat(eventFd.count()).isZero();
            }
        }
    }

    @Test
    void writesAddUpUntilRead() throws IOException {
        try (var eventFd = counter()) {
            eventFd.write(3);
            eventFd.write(4);
            assertThat(eventFd.read()).isEqualTo(7);
            assertThat(eventFd.read()).isZero();
        }
    }

    @Test
    void aSemaphoreGivesOneAtATime() throws IOException {
        try (var eventFd = EventFd.create(2, true, true)) {
            assertThat(eventFd.read()).isEqualTo(1);
            assertThat(eventFd.readNow(buffer)).isEqualTo(1);
            assertThat(eventFd.read()).isZero();
            assertThat(eventFd.readNow(buffer)).isZero();
        }
    }

    @Test
    void whatHasNoRoomIsNotAdded() throws IOException {
        try (var eventFd = counter()) {
            assertThat(eventFd.write(MAX)).isTrue();
            assertThat(eventFd.write(1)).isFalse();
            assertThat(eventFd.write(MAX)).isFalse();
            assertThat(eventFd.count()).isEqualTo(MAX);
            assertThat(eventFd.read()).isEqualTo(MAX);
            assertThat(eventFd.write(MAX - 1)).isTrue();
            assertThat(eventFd.write(2)).isFalse();
            assertThat(eventFd.write(1)).isTrue();
        }
    }

    @Test
    void theHighestNumberIsNoValue() throws IOException {
        try (var eventFd = counter()) {
            assertThatThrownBy(() -> eventFd.write(-1L))
                    .isInstanceOf(ErrnoException.class)
                    .hasMessageContainingAll("eventfd_write(", "18446744073709551615", "EINVAL");
            assertThat(eventFd.count()).isZero();
        }
    }

    @Test
    void aReadThatMustNotBlockDoesNotThoughTheDescriptionBlocks() throws IOException {
        try (var eventFd = blocking()) {
            assertThat(Bounded.call(() -> eventFd.readNow(buffer))).isZero();
            eventFd.write(5);
            assertThat(Bounded.call(() -> eventFd.readNow(buffer))).isEqualTo(5);
            assertThat(Bounded.call(() -> eventFd.readNow(buffer))).isZero();
            assertThat(eventFd.fd().isNonblocking()).isFalse();
        }
    }

    @Test
    void norWhereAnotherHolderClearsTheFlag() throws IOException {
        try (var eventFd = counter();
                var holder = eventFd.fd().duplicate()) {
            holder.setNonblocking(false);
            assertThat(Bounded.call(() -> eventFd.readNow(buffer))).isZero();
        }
    }

    @Test
    void aBlockingReadWaitsForAWrite() throws IOException {
        try (var eventFd = blocking()) {
            var read = Bounded.start(eventFd::read);
            eventFd.write(5);
            assertThat(Bounded.result(read)).isEqualTo(5);
        }
    }

    @Test
    void aBlockingWriteWaitsForRoom() throws IOException {
        try (var eventFd = blocking()) {
            eventFd.write(MAX);
            var write = Bounded.start(() -> eventFd.write(3));
            assertThat(eventFd.readNow(buffer)).isEqualTo(MAX);
            assertThat(Bounded.result(write)).isTrue();
            assertThat(eventFd.count()).isEqualTo(3);
        }
    }

    @Test
    void lookingAtTheCountTakesNothing() throws IOException {
        try (var eventFd = counter();
                var empty = counter()) {
            eventFd.write(0xabcdef0123456789L);
            assertThat(eventFd.count()).isEqualTo(eventFd.count()).isEqualTo(0xabcdef0123456789L);
            assertThat(empty.count()).isZero();
            assertThat(eventFd.read()).isEqualTo(0xabcdef0123456789L);
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "9, 9", "a, 10", "10, 16", "2a, 42", "fffffffffffffffe, -2"})
    void theKernelTellsTheCountInHexadecimal(String hex, long count) throws ErrnoException {
        assertThat(
                        EventFd.parseCount(
                                "pos:\t0\nflags:\t02004002\nmnt_id:\t16\nino:\t9\neventfd-count:"
                                        + " ".repeat(17 - hex.length())
                                        + hex
                                        + "\neventfd-id: 7\neventfd-semaphore: 0\n"))
                .isEqualTo(count);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "pos:\t0\nflags:\t02\n", "eventfd-count:", "eventfd-count: 2a"})
    void anotherTextIsNotOfAnEventfd(String fdinfo) {
        assertThatThrownBy(() -> EventFd.parseCount(fdinfo))
                .isInstanceOf(ErrnoException.class)
                .hasMessageContaining("not the fdinfo of an eventfd");
    }

    @Test
    void adoptingOneTakesOverItsDescriptor() throws IOException {
        try (var eventFd = counter()) {
            var copy = EventFd.adopt(eventFd.fd().duplicate());
            copy.write(5);
            int number = copy.fd().number();
            copy.close();
            assertThat(Descriptors.isOpen(number)).isFalse();
            assertThat(eventFd.read()).isEqualTo(5);
        }
    }

    @Test
    void whatIsNotOpenFailsInTheKernelsWords() {
        var nothing = EventFd.adopt(Fd.borrow(999_999));
        assertThatThrownBy(() -> nothing.write(2))
                .hasMessageStartingWith("eventfd_write(fd 999999, 2): EBADF (");
        assertThatThrownBy(nothing::read)
                .hasMessageStartingWith("eventfd_read(fd 999999): EBADF (");
        assertThatThrownBy(() -> nothing.readNow(buffer))
                .hasMessageStartingWith("preadv2(fd 999999): EBADF (");
        assertThatThrownBy(nothing::count)
                .hasMessageStartingWith("open(/proc/self/fdinfo/999999): ENOENT (");
        assertThat(nothing).hasToString("eventfd 999999");
    }

    @Test
    void theKernelTellsThemApartByAnId() throws Exception {
        try (var one = EventFd.create(0, false, true);
                var other = EventFd.create(0, false, true);
                var same = EventFd.adopt(one.fd().duplicate())) {
            assertThat(one.id()).isEqualTo(same.id()).isNotEqualTo(other.id());
            assertThatThrownBy(() -> EventFd.parseId("pos:\t0\nflags:\t02\n"))
                    .isInstanceOf(ErrnoException.class);
        }
    }

    // What is it

    @Test
    void anEventfdIsOneAndAnythingElseIsNot() throws IOException {
        var one = counter();
        try (var file = Fd.adopt(LIBC.open("/dev/null\0".getBytes(US_ASCII), 0, 0))) {
            assertThat(EventFd.isEventfd(one.fd())).isTrue();
            assertThat(EventFd.isEventfd(file)).isFalse();
        } finally {
            one.close();
        }
        assertThat(EventFd.isEventfd(one.fd())).as("closed").isFalse();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theKernelTellsTheModeOfReading(boolean semaphore) throws IOException {
        try (var one = EventFd.create(0, semaphore, true)) {
            var told = one.isSemaphore();
            assumeTrue(told.isPresent(), "the kernel tells it from 6.5 on");
            assertThat(told).contains(semaphore);
        }
    }

    @Test
    void anObjectIsTheSameUnderAnyDescriptorAndAnotherIsNot() throws IOException {
        try (var one = counter();
                var same = EventFd.adopt(one.fd().duplicate());
                var other = counter()) {
            assertThat(one.isSameAs(same)).isTrue();
            assertThat(one.id()).isEqualTo(same.id());
            assertThat(one.isSameAs(other)).isFalse();
            assertThat(one.id()).isNotEqualTo(other.id());
        }
    }

    @Test
    void whereTheKernelMayNotBeAskedTheIdsTell() throws Exception {
        try (var one = counter();
                var same = EventFd.adopt(one.fd().duplicate());
                var other = counter()) {
            var told = new ArrayList<Object>();
            var denied =
                    new FutureTask<Void>(() -> {
                        Seccomp.deny(Fd.KCMP);
                        told.add(one.fd().compare(same.fd()));
                        told.add(one.isSameAs(same));
                        told.add(one.isSameAs(other));
                        return null;
                    });
            new Thread(denied).start();
            denied.get();
            assertThat(told).containsExactly(OptionalInt.empty(), true, false);
        }
    }
}
