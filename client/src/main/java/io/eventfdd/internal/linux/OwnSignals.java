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
     * Has signal {@code number} do to this process what it does by default: ends it, or stops it
     * and returns once the process goes on. The default remains set.
     */
    public static void raiseByDefault(int number) {
        Libc.signal(number, SIG_DFL);
        // To this thread: when raise(3) returns, it was delivered.
        Libc.raise(number);
    }
}
