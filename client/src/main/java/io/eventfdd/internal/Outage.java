package io.eventfdd.internal;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** The time between one daemon and the next during one call. For one thread. */
public final class Outage {
    /** The longest outage, unless the user of the library wants another. */
    public static final Duration DEFAULT = Duration.ofSeconds(5);

    private static final Duration FIRST_PAUSE = Duration.ofMillis(10);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(200);

    private final Duration longest;
    private final boolean interruptible;
    private long pauseNanos = FIRST_PAUSE.toNanos();
    private long began;
    private boolean hasBegun;

    /**
     * Starts without an outage.
     *
     * @param longest the longest outage that is allowed
     * @param interruptible whether an interrupt ends it
     */
    public Outage(Duration longest, boolean interruptible) {
        this.longest = longest;
        this.interruptible = interruptible;
    }

    /**
     * Notes that a daemon had the call for {@code nanos} before it ended. A daemon that is about to
     * end refuses a call at once. So if that took longer, the daemon was there, and the next pause
     * begins another outage.
     */
    public void daemonHadIt(long nanos) {
        if (nanos > LONGEST_PAUSE.toNanos()) {
            hasBegun = false;
            pauseNanos = FIRST_PAUSE.toNanos();
        }
    }

    /** Pauses, longer each time. If the outage is too long by now, it returns false at once. */
    public boolean pause() throws InterruptedException {
        long now = System.nanoTime();
        if (!hasBegun) {
            hasBegun = true;
            began = now;
        }
        long left = longest.toNanos() - (now - began);
        if (left <= 0) {
            return false;
        }
        boolean interrupted = false;
        long end = now + Math.min(left, pauseNanos);
        for (long rest = end - now; rest > 0; rest = end - System.nanoTime()) {
            LockSupport.parkNanos(rest);
            // While the status is set, no thread parks.
            interrupted |= Thread.interrupted();
            if (interrupted && interruptible) {
                throw new InterruptedException();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        pauseNanos = Math.min(2 * pauseNanos, LONGEST_PAUSE.toNanos());
        return true;
    }
}
