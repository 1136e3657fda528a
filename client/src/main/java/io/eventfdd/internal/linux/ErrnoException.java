package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.io.IOException;
import java.io.Serial;

/**
 * A system call that failed, as in {@code epoll_ctl(ADD, fd=7): EPERM (Operation not permitted)}.
 */
public final class ErrnoException extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    private final int errno;

    private ErrnoException(String call, int errno) {
        super(call + ": " + Errno.name(errno) + " (" + LIBC.strerror(errno) + ")");
        this.errno = errno;
    }

    /** The failure of {@code call}, which was this thread's last native call. */
    static ErrnoException ofLast(String call) {
        return of(call, LIBC.errno());
    }

    static ErrnoException of(String call, int errno) {
        return new ErrnoException(call, errno);
    }

    /** The symbolic name of the errno, as in {@code EMFILE}. */
    public String errnoName() {
        return Errno.name(errno);
    }

    /** Whether the errno is this one, a constant of {@link Errno}. */
    public boolean is(int number) {
        return errno == number;
    }

    /** Whether the process or the system has no descriptor left (EMFILE, ENFILE). */
    public boolean outOfDescriptors() {
        return is(Errno.EMFILE) || is(Errno.ENFILE);
    }
}
