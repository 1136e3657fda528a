package io.eventfdd.client;

import io.eventfdd.linux.ErrnoException;
import io.eventfdd.linux.EventFd;
import io.eventfdd.linux.ThreadAlarm;
import io.eventfdd.protocol.Count;

import org.jspecify.annotations.Nullable;

import java.time.Duration;

/**
 * Writes that do not block though O_NONBLOCK may be clear: what has no room is not tried, and where
 * another holder overtakes the write, an alarm interrupts it, so that it added nothing. The thread
 * that made it uses it, a platform thread.
 */
final class WriteGuard implements AutoCloseable {
    /** How long a write may hold up its thread. */
    private static final Duration PERIOD = Duration.ofMillis(1);

    private @Nullable ThreadAlarm alarm;

    /** Adds {@code value}; false where there is no room. */
    boolean write(EventFd eventFd, long value) throws ErrnoException {
        if (!eventFd.fd().isNonblocking() && !hasRoom(eventFd, value)) {
            return false;
        }
        if (alarm == null) {
            alarm = ThreadAlarm.ofCurrentThread();
        }
        alarm.set(PERIOD);
        try {
            return eventFd.write(value);
        } finally {
            alarm.clear();
        }
    }

    /** Whether {@code value} can be added at this moment. */
    static boolean hasRoom(EventFd eventFd, long value) throws ErrnoException {
        return Long.compareUnsigned(eventFd.count(), Count.MAX - value) <= 0;
    }

    @Override
    public void close() {
        if (alarm != null) {
            alarm.close();
        }
    }
}
