package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

/**
 * Signals that this process sends to itself.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/signal.7.html">signal(7)</a>
 */
public final class OwnSignals {
    private static final long SIG_DFL = 0;

    private OwnSignals() {}

    /**
     * Applies the default action of signal {@code number} to this process: ends it, or stops it and
     * returns once the process is continued. The default action remains set.
     */
    public static void raiseByDefault(int number) {
        LIBC.signal(number, SIG_DFL);
        // The signal goes to this thread, so it was delivered when raise(3) returns.
        LIBC.raise(number);
    }
}
