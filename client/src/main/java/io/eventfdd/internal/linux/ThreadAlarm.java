package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.time.Duration;

/**
 * Interrupts the native call in which one thread is stuck: while it is set, a kernel timer sends
 * that thread a signal again and again, and the call returns EINTR. Only the thread that made the
 * alarm uses it.
 *
 * <p>A write(2) to an eventfd that is interrupted while it waits for room has added nothing.
 * Therefore this is better than to make room for it from another thread.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/timer_create.2.html">timer_create(2),
 *     SIGEV_THREAD_ID</a>
 */
public final class ThreadAlarm implements AutoCloseable {
    private static final int CLOCK_MONOTONIC = 1;
    private static final int SIGEV_THREAD_ID = 4;
    private static final int SIGEVENT_SIZE = 64;
    private static final int SIGNO_AT = 8;
    private static final int NOTIFY_AT = 12;
    private static final int THREAD_AT = 16;

    private final long timer;

    private ThreadAlarm(long timer) {
        this.timer = timer;
    }

    /**
     * Creates an alarm for the calling thread, which must be a platform thread. It is not set yet.
     */
    public static ThreadAlarm ofCurrentThread() throws ErrnoException {
        InterruptSignal.install();
        var event = new int[SIGEVENT_SIZE / Integer.BYTES];
        event[SIGNO_AT / Integer.BYTES] = InterruptSignal.NUMBER;
        event[NOTIFY_AT / Integer.BYTES] = SIGEV_THREAD_ID;
        event[THREAD_AT / Integer.BYTES] = LIBC.gettid();
        var timer = new long[1];
        if (LIBC.timer_create(CLOCK_MONOTONIC, event, timer) < 0) {
            throw ErrnoException.ofLast("timer_create(SIGEV_THREAD_ID)");
        }
        return new ThreadAlarm(timer[0]);
    }

    /**
     * Sets the alarm: the native calls of the thread are interrupted after {@code period}, and
     * again after each further {@code period}.
     */
    public void set(Duration period) throws ErrnoException {
        long seconds = period.toSeconds();
        int nanos = period.toNanosPart();
        arm(new long[] {seconds, nanos, seconds, nanos});
    }

    /** Clears the alarm. */
    public void clear() throws ErrnoException {
        arm(new long[4]);
    }

    private void arm(long[] intervalAndValue) throws ErrnoException {
        if (LIBC.timer_settime(timer, 0, intervalAndValue, 0) < 0) {
            throw ErrnoException.ofLast("timer_settime");
        }
    }

    @Override
    public void close() {
        LIBC.timer_delete(timer);
    }
}
