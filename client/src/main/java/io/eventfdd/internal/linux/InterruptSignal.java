package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

/**
 * The signal that ends a system call in which a thread is stuck: the call returns EINTR. It does
 * nothing else, so a thread that it meets elsewhere goes on.
 */
final class InterruptSignal {
    /** A real-time signal that neither glibc (32, 33) nor the JVM (62) uses. */
    static final int NUMBER = 40;

    /** The number of tgkill(2). */
    private static final long TGKILL = System.getProperty("os.arch").equals("amd64") ? 234 : 131;

    private InterruptSignal() {}

    /**
     * Installs a handler that does nothing, without SA_RESTART, so that a signal leads to EINTR. It
     * must be called before the first signal; calling it again does no harm.
     */
    static void install() throws ErrnoException {
        // abs(3) takes an int, touches nothing and returns: as a handler it is the one written in C
        // that need not be compiled.
        LIBC.signal(NUMBER, LIBC.abs());
        if (LIBC.siginterrupt(NUMBER, 1) < 0) {
            throw ErrnoException.ofLast("siginterrupt(" + NUMBER + ")");
        }
    }

    /** Sends the signal to {@code thread} of this process, by its ID of gettid(2). */
    static void sendTo(int thread) throws ErrnoException {
        if (LIBC.syscall(TGKILL, LIBC.getpid(), thread, NUMBER, 0, 0) < 0) {
            throw ErrnoException.ofLast("tgkill(" + thread + ", " + NUMBER + ")");
        }
    }
}
