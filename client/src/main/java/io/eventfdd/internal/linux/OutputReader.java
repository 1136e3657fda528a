package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

/**
 * The reader of standard output, if that is a pipe or a socket. Safe for all threads.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/poll.2.html">poll(2)</a>
 */
public final class OutputReader {
    private static final int STANDARD_OUTPUT = 1;

    /** The first bit of {@code revents} in a {@code struct pollfd}, on a little-endian machine. */
    private static final int REVENTS = 48;

    private static final int POLLERR = 8;
    private static final int POLLHUP = 16;
    private static final int FOR_EVER = -1;

    private OutputReader() {}

    /** Whether the last reader has closed its end. */
    public static boolean isGone() {
        return ended(0);
    }

    /**
     * Waits until the last reader has closed its end; for ever if standard output has no reader
     * that could.
     */
    public static void awaitEnd() {
        while (!ended(FOR_EVER)) {
            // interrupted by a signal
        }
    }

    private static boolean ended(int timeoutMillis) {
        // Asked for no events, it reports errors only.
        var pollfd = new long[] {STANDARD_OUTPUT};
        int ready = LIBC.poll(pollfd, 1, timeoutMillis);
        return ready > 0 && (pollfd[0] >>> REVENTS & (POLLERR | POLLHUP)) != 0;
    }
}
