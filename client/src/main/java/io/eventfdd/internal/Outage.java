package io.eventfdd.internal;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** The time between one daemon and the next, as one call sees it; for its thread alone. */
public final class Outage {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(10);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(200);

    private final Duration longest;
    private final boolean interruptible;
    private long pauseNanos = FIRST_PAUSE.toNanos();
    private long began;
    private boolean hasBegun;

    /**
     * None so far.
     *
     * @param longest how long it may be
     * @param interruptible whether an interrupt ends it
     */
    public Outage(Duration longest, boolean interruptible) {
        this.longest = longest;
        this.interruptible = interruptible;
    }

    /** Pauses, longer each time; false, at once, if the outage is too long by now. */
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
        LockSupport.parkNanos(Math.min(left, pauseNanos));
        if (interruptible && Thread.interrupted()) {
            throw new InterruptedException();
        }
        pauseNanos = Math.min(2 * pauseNanos, LONGEST_PAUSE.toNanos());
        return true;
    }
}
