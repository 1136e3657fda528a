package io.eventfdd.internal.raw;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.WriteWatch;

/**
 * Writes to one raw eventfd that do not wait for room, on any thread, whatever the other holders
 * make of its O_NONBLOCK. Callers keep the descriptor open.
 *
 * <p>A write that could block is avoided where a look can tell: if the flag is clear, or if there
 * was no room the last time, the count is looked at first. The look at the flag costs as much as
 * the write, so what was seen counts for a millisecond. What changes between a look and the write
 * is the watch's: a write that blocks all the same is interrupted.
 */
final class RawWriter {
    /** After a value (unsigned) as large as this others may soon find no room. */
    private static final long LARGE = 1L << 60;

    private final EventFd eventFd;
    private final WriteWatch watch;

    // Races on these are harmless: each value was true, and the watch is there.

    /** The {@linkplain WriteWatch#moment moment} at which O_NONBLOCK was last seen set. */
    private int nonblockingSeen;

    /** Whether the last write found little room. */
    private boolean full;

    RawWriter(EventFd eventFd, WriteWatch watch) {
        this.eventFd = eventFd;
        this.watch = watch;
        this.nonblockingSeen = watch.moment() - 1;
    }

    /** Adds {@code value}; false if there is no room for it, and nothing was added. */
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
