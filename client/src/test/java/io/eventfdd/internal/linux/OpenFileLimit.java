package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import io.eventfdd.internal.Failures;

/** A lower limit of open files, until it is closed. What is open stays open. */
public final class OpenFileLimit implements AutoCloseable {
    private static final int RLIMIT_NOFILE = 7;

    private final long[] before = new long[2];

    private OpenFileLimit(long limit) {
        LIBC.getrlimit(RLIMIT_NOFILE, before);
        LIBC.setrlimit(RLIMIT_NOFILE, new long[] {limit, before[1]});
    }

    /** From now on there is room for one more descriptor, if nobody closes any. */
    public static OpenFileLimit afterOneMore() throws ErrnoException {
        // To load a class takes a descriptor, so those of the failure are loaded before.
        var unused = Failures.of(ErrnoException.of("fcntl", Errno.EMFILE));
        try (var next = EventFd.create(0, false, true)) {
            return new OpenFileLimit(next.fd().number() + 1L);
        }
    }

    @Override
    public void close() {
        LIBC.setrlimit(RLIMIT_NOFILE, before);
    }
}
