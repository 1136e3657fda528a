package io.eventfdd.internal.linux;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.US_ASCII;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/** Each binding of the C library; Java 17 has one, Java 22 two. */
@Timeout(300)
class LibcTest {
    private static final int EBADF = 9;
    private static final int ENOENT = 2;

    static Stream<Libc> bindings() {
        return Stream.of(new JnaLibc(), Libc.LIBC);
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void numbersGoInAndOut(Libc libc) {
        assertThat(libc.getpid()).isEqualTo((int) ProcessHandle.current().pid());
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void arraysAreReadAndFilled(Libc libc) {
        int fd = libc.open("/proc/self/comm\0".getBytes(US_ASCII), 0, 0);
        var name = new byte[8];
        assertThat(libc.read(fd, name, name.length)).isPositive();
        assertThat(new String(name, US_ASCII)).isNotBlank().doesNotStartWith("\0");
        assertThat(libc.close(fd)).isZero();

        int eventFd = libc.eventfd(7, 0);
        var value = new long[1];
        assertThat(libc.eventfd_read(eventFd, value)).isZero();
        assertThat(value).containsExactly(7);
        assertThat(libc.close(eventFd)).isZero();
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void theAddressOfABufferIsThatOfItsFirstByte(Libc libc) {
        var buffer = ByteBuffer.allocateDirect(16);
        long address = libc.address(buffer);
        buffer.putLong(1).limit(12);
        assertThat(libc.address(buffer)).isEqualTo(address);
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void anErrnoIsTheThreadsOwn(Libc libc) {
        assertThat(libc.close(-1)).isNegative();
        assertThat(libc.errno()).isEqualTo(EBADF);
        int other =
                CompletableFuture.supplyAsync(
                                () -> {
                                    assertThat(libc.open(new byte[] {0}, 0, 0)).isNegative();
                                    return libc.errno();
                                })
                        .join();
        assertThat(other).isEqualTo(ENOENT);
        assertThat(libc.errno()).isEqualTo(EBADF);
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void aTextIsReturned(Libc libc) {
        assertThat(libc.strerror(ENOENT)).isEqualTo("No such file or directory");
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void aBufferHasAnAddress(Libc libc) {
        int eventFd = libc.eventfd(1, 0);
        var pollfd = ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.nativeOrder());
        pollfd.putLong(0, Readiness.pollfd(eventFd));
        assertThat(libc.poll(libc.address(pollfd), 1, 0)).isOne();
        assertThat(Readiness.isReadable(pollfd.getLong(0))).isOne();
        assertThat(libc.close(eventFd)).isZero();
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void aFunctionHasAnAddress(Libc libc) {
        assertThat(libc.abs()).isNotZero();
    }
}
