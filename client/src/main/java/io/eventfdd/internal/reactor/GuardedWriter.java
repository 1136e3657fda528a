package io.eventfdd.internal.reactor;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.ThreadAlarm;
import io.eventfdd.internal.linux.WriteWatch;

import org.jspecify.annotations.Nullable;

import java.time.Duration;

/**
 * Writes to shared eventfds on one thread that must not stand still, which has an alarm for that. A
 * thread that belongs to others has none: see {@link WriteWatch}.
 *
 * <p>The kernel has no write(2) that ignores O_NONBLOCK as {@code RWF_NOWAIT} does for reads, and
 * each holder of an eventfd can clear the flag between a look at it and the write. So a write that
 * would block is interrupted: it then has added nothing, and the thread has lost {@link #PATIENCE}.
 * The look at the count, which comes first on a blocking eventfd, makes that rare.
 *
 * <p>Only the thread that makes the first write uses it, a platform thread.
 */
public final class GuardedWriter implements AutoCloseable {
    /** How long a write may hold up its thread. */
    static final Duration PATIENCE = Duration.ofMillis(2);

    private @Nullable ThreadAlarm alarm;

    /**
     * Adds {@code value}; false if there is no room for it, and nothing was added.
     *
     * @param value 1 to 2^64-2, unsigned
     */
    public boolean write(EventFd eventFd, long value) throws ErrnoException {
        if (!eventFd.fd().isNonblocking() && !eventFd.hasRoomFor(value)) {
            return false;
        }
        if (alarm == null) {
            alarm = ThreadAlarm.ofCurrentThread();
        }
        alarm.set(PATIENCE);
        try {
            return eventFd.write(value);
        } finally {
            alarm.clear();
        }
    }

    @Override
    public void close() {
        if (alarm != null) {
            alarm.close();
        }
    }
}
