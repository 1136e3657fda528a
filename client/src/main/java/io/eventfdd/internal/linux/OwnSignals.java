package io.eventfdd.internal.linux;

import com.sun.jna.Pointer;

/**
 * Signals that this process sends to itself.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/signal.7.html">signal(7)</a>
 */
public final class OwnSignals {
    private static final Pointer SIG_DFL = Pointer.NULL;

    private OwnSignals() {}

    /**
     * Applies the default action of signal {@code number} to this process: ends it, or stops it and
     * returns once the process is continued. The default action remains set.
     */
    public static void raiseByDefault(int number) {
        Libc.signal(number, SIG_DFL);
        // The signal goes to this thread, so it was delivered when raise(3) returns.
        Libc.raise(number);
    }
}
