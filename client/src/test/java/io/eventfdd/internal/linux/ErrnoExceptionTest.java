package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;

class ErrnoExceptionTest {
    @Test
    void itNamesTheCallTheErrnoAndWhatThatMeans() {
        assertThat(ErrnoException.of("epoll_ctl(ADD, fd=7)", 1))
                .isInstanceOf(IOException.class)
                .hasMessage("epoll_ctl(ADD, fd=7): EPERM (" + LIBC.strerror(1) + ")");
    }

    @Test
    void anErrnoThatNobodyKnowsKeepsItsNumber() {
        assertThat(ErrnoException.of("x()", 9999))
                .hasMessageStartingWith("x(): errno 9999 (")
                .extracting(ErrnoException::errnoName)
                .isEqualTo("errno 9999");
    }

    @Test
    void theErrnoOfTheLastCallIsToldByThatThread() {
        LIBC.close(999_999);
        assertThat(ErrnoException.ofLast("close(999999)").is(9)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "4, EINTR, false", "9, EBADF, false", "11, EAGAIN, false", "22, EINVAL, false",
        "23, ENFILE, true", "24, EMFILE, true", "28, ENOSPC, false", "111, ECONNREFUSED, false"
    })
    void itIsAskedByNumber(int errno, String name, boolean outOfDescriptors) {
        var exception = ErrnoException.of("call()", errno);
        assertThat(exception.errnoName()).isEqualTo(name);
        assertThat(exception.is(errno)).isTrue();
        assertThat(exception.is(1)).isFalse();
        assertThat(exception.outOfDescriptors()).isEqualTo(outOfDescriptors);
    }
}
