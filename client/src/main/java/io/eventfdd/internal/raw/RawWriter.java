package io.eventfdd.internal.raw;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.WriteWatch;

/**
 * Writes to one raw eventfd without waiting for room, on any thread, whatever other holders do to
 * its O_NONBLOCK. Callers keep the descriptor open.
 *
 * <p>A write that could block is avoided if a check can tell: if the flag is clear, or if there was
 * no room the last time, the count is read first. To read the flag costs as much as the write, so
 * its value is trusted until the watch looks again. A change between the check and the write is
 * left to the watch, which interrupts a write that blocks nevertheless.
 */
final class RawWriter {
    /** After an unsigned value as large as this, other writers may soon find no room. */
    private static final long LARGE = 1L << 60;

    private final EventFd eventFd;
    private final WriteWatch watch;

    // Races on these fields are harmless: each value was true once, and the watch covers the rest.

    /** The {@linkplain WriteWatch#moment moment} at which O_NONBLOCK was last seen set. */
    private int nonblockingSeen;

    /** Whether the last write found little room. */
    private boolean full;

    RawWriter(EventFd eventFd, WriteWatch watch) {
        this.eventFd = eventFd;
        this.watch = watch;
        this.nonblockingSeen = watch.moment() - 1;
    }

    /** Adds {@code value}. Returns false if there is no room; then nothing was added. */
    boolean write(long value) throws ErrnoException {
        if ((full || !isNonblocking()) && !eventFd.hasRoomFor(value)) {
            full = true;
            return false;
        }
        boolean written = watch.write(eventFd, value);
        full = !written || Long.compareUnsigned(value, LARGE) >= 0;
        return written;
    }

    private boolean isNonblocking() throws ErrnoException {
        int now = watch.moment();
        if (now == nonblockingSeen) {
            return true;
        }
        if (!eventFd.fd().isNonblocking()) {
            return false;
        }
        nonblockingSeen = now;
        return true;
    }
}
