package io.eventfdd.internal;

/**
 * The parts of one wait of a platform thread that an interrupt must end. They become longer and
 * longer: 10 ms, 20 ms, and so on up to a minute.
 *
 * <p>Before Java 21, an interrupt that arrives just when a thread begins to block can be lost:
 * {@link Thread#interrupt()} first looks for the channel or selector that the thread blocks in, and
 * only then sets the status, which the thread looks at in between. The status is found at the
 * beginning of the next part. From Java 21 on, a wait has one part.
 */
public final class Naps {
    private static final boolean NEEDED = Runtime.version().feature() < 21;
    private static final int FIRST_MILLIS = 10;
    private static final int LONGEST_MILLIS = 60_000;

    private int next = FIRST_MILLIS;

    /**
     * Returns the length of the next part in milliseconds, for poll(2).
     *
     * @param left the milliseconds that are left of the wait; -1 is without end
     */
    public int next(int left) {
        if (!NEEDED) {
            return left;
        }
        int nap = next;
        next = Math.min(2 * nap, LONGEST_MILLIS);
        return left < 0 ? nap : Math.min(left, nap);
    }
}
