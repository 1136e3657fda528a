package io.eventfdd.internal.linux;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;

/**
 * The reader of standard output, if that is a pipe or a socket. Safe for all threads.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/poll.2.html">poll(2)</a>
 */
public final class OutputReader {
    private static final int STANDARD_OUTPUT = 1;
    private static final int REVENTS = 6;
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
        try (var pollfd = new Memory(Long.BYTES)) {
            pollfd.setLong(0, STANDARD_OUTPUT);
            int ready = Libc.poll(Pointer.nativeValue(pollfd), 1, timeoutMillis);
            return ready > 0 && (pollfd.getShort(REVENTS) & (POLLERR | POLLHUP)) != 0;
        }
    }
}
