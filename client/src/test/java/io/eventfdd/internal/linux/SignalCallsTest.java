package io.eventfdd.internal.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.stream.Stream;

/** Each binding of the calls that a signal is made of; Java 17 has one, Java 22 two. */
class SignalCallsTest {
    private static final int EBADF = 9;
    private static final int EINVAL = 22;
    private static final int NOT_OPEN = 999_999;

    private final ReadBuffer buffer = new ReadBuffer();

    static Stream<SignalCalls> bindings() {
        return Stream.of(new LibcCalls(), SignalCalls.FASTEST);
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void everyCountComesBackWhole(SignalCalls calls) throws ErrnoException {
        try (var eventFd = EventFd.create(0, false, true)) {
            int fd = eventFd.fd().number();
            for (long value : new long[] {1, (1L << 53) + 1, 1L << 63, -2}) {
                assertThat(calls.isReadable(fd)).isZero();
                assertThat(calls.write(fd, value)).isZero();
                assertThat(calls.isReadable(fd)).isOne();
                assertThat(calls.readNow(fd, buffer)).isEqualTo(value);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void nothingToReadIsEagainThoughTheDescriptionBlocks(SignalCalls calls) throws ErrnoException {
        try (var eventFd = EventFd.create(0, false, false)) {
            assertThat(calls.readNow(eventFd.fd().number(), buffer)).isZero();
            assertThat(buffer.errno()).isEqualTo(Libc.EAGAIN);
        }
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void noRoomIsEagainAndAddsNothing(SignalCalls calls) throws ErrnoException {
        try (var eventFd = EventFd.create(0, false, true)) {
            int fd = eventFd.fd().number();
            assertThat(calls.write(fd, -2)).isZero();
            assertThat(calls.write(fd, 1)).isEqualTo(-Libc.EAGAIN);
            assertThat(calls.readNow(fd, buffer)).isEqualTo(-2);
            assertThat(calls.write(fd, -1)).isEqualTo(-EINVAL);
            assertThat(eventFd.count()).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void whatIsNotOpenIsToldByItsErrno(SignalCalls calls) {
        assertThat(calls.write(NOT_OPEN, 1)).isEqualTo(-EBADF);
        assertThat(calls.readNow(NOT_OPEN, buffer)).isZero();
        assertThat(buffer.errno()).isEqualTo(EBADF);
        assertThat(calls.isReadable(NOT_OPEN)).as("poll says so in another way").isZero();
    }
}
