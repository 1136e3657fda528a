package io.eventfdd.bridge.status;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How long a bridge was away: not running, or without a connection to NATS. After an absence that
 * was too long, the daemon or the stream may have forgotten what makes a repeated call harmless.
 * Safe for all threads.
 */
public final class Absences {
    private static final Logger LOGGER = System.getLogger(Absences.class.getName());

    private final Duration longest;
    private final AtomicLong tooLong = new AtomicLong();

    /**
     * Knows of no absence.
     *
     * @param longest how long one may be
     */
    public Absences(Duration longest) {
        this.longest = longest;
    }

    /** Notes that the bridge was away from {@code stream} for so long. */
    public void add(String stream, Duration absence) {
        if (absence.compareTo(longest) > 0) {
            tooLong.incrementAndGet();
            LOGGER.log(
                    Level.WARNING,
                    "away from the stream {0} for {1} s, longer than longest-absence: signals that"
                            + " were under way may be missing or counted twice",
                    stream,
                    Long.toString(absence.toSeconds()));
        }
    }

    /** How many absences were too long since the start, the one before the start included. */
    public long tooLong() {
        return tooLong.get();
    }
}
