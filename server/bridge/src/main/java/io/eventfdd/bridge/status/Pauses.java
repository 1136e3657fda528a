package io.eventfdd.bridge.status;

import java.time.Duration;

/**
 * The pauses between attempts at something that fails: each is twice as long as the last one, up to
 * a second. For one thread.
 */
public final class Pauses {
    private static final Duration FIRST = Duration.ofMillis(5);
    private static final Duration LONGEST = Duration.ofSeconds(1);

    private Duration next = FIRST;

    /** Starts with the shortest pause. */
    public Pauses() {}

    /** Sleeps for one pause. */
    public void pause() throws InterruptedException {
        Thread.sleep(next);
        var twice = next.multipliedBy(2);
        next = twice.compareTo(LONGEST) < 0 ? twice : LONGEST;
    }
}
