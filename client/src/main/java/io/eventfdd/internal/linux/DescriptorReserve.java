package io.eventfdd.internal.linux;

import org.jspecify.annotations.Nullable;

/**
 * A descriptor that a listener keeps in reserve. If the process has no other for the next client,
 * the listener gives this one up, so that it can accept the client and tell it why it is not
 * served. All threads may use it.
 */
public final class DescriptorReserve {
    private @Nullable EventFd held;

    /** Takes a descriptor, unless this has one. Returns false if there is none. */
    public synchronized boolean refill() {
        if (held == null) {
            try {
                held = EventFd.create(0, false, true);
            } catch (ErrnoException e) {
                return false;
            }
        }
        return true;
    }

    /** Closes the descriptor. Returns false if there was none. */
    public synchronized boolean giveUp() {
        var given = held;
        held = null;
        if (given != null) {
            given.close();
        }
        return given != null;
    }
}
