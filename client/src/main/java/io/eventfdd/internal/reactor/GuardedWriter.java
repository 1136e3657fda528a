package io.eventfdd.internal.reactor;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.ThreadAlarm;
import io.eventfdd.internal.linux.WriteWatch;

import org.jspecify.annotations.Nullable;

import java.time.Duration;

/**
 * Writes to shared eventfds on one thread that must not block, and that therefore has an alarm. A
 * thread of the application has none; see {@link WriteWatch}.
 *
 * <p>The kernel has no write(2) that ignores O_NONBLOCK as {@code RWF_NOWAIT} does for reads, and
 * each holder of an eventfd can clear the flag between a check of it and the write. A write that
 * blocks is therefore interrupted: it has then added nothing, and the thread has lost {@link
 * #PATIENCE}. On a blocking eventfd the count is checked first, which makes that rare.
 *
 * <p>The alarm stays set between writes, because to set and clear it costs more than a write. The
 * thread calls {@link #rest} when it has nothing to write for a while. Until then the signal may
 * also meet other calls of the thread, which must not mind an EINTR: it has to rest before it runs
 * code of others.
 *
 * <p>Only the thread that makes the first write uses it, which must be a platform thread.
 */
public final class GuardedWriter implements AutoCloseable {
    /** How long a write may hold up its thread. */
    static final Duration PATIENCE = Duration.ofMillis(2);

    private @Nullable ThreadAlarm alarm;
    private boolean isSet;

    /**
     * Adds {@code value}. Returns false if there is no room; then nothing was added.
     *
     * @param value 1 to 2^64-2, unsigned
     */
    public boolean write(EventFd eventFd, long value) throws ErrnoException {
        if (!eventFd.fd().isNonblocking() && !eventFd.hasRoomFor(value)) {
            return false;
        }
        if (!isSet) {
            setAlarm();
        }
        return eventFd.write(value);
    }

    private void setAlarm() throws ErrnoException {
        if (alarm == null) {
            alarm = ThreadAlarm.ofCurrentThread();
        }
        alarm.set(PATIENCE);
        isSet = true;
    }

    /** Clears the alarm until the next write. */
    public void rest() throws ErrnoException {
        if (isSet && alarm != null) {
            alarm.clear();
            isSet = false;
        }
    }

    @Override
    public void close() {
        if (alarm != null) {
            alarm.close();
        }
    }
}
