package io.eventfdd.internal;

import java.time.Duration;

/** A moment on {@link System#nanoTime()}'s clock until which something may take. */
public final class Deadline {
    /** No end. */
    public static final Deadline NEVER = new Deadline(true, 0);

    /** Already past: what is there counts, nothing is waited for. */
    static final Deadline NOW = new Deadline(false, System.nanoTime());

    /** Longer than this is without end; nanoTime's differences hold 292 years. */
    private static final Duration LONGEST = Duration.ofDays(36_500);

    private final boolean never;
    private final long at;

    private Deadline(boolean never, long at) {
        this.never = never;
        this.at = at;
    }

    /** {@code timeout} from now; zero and less are past at once. */
    public static Deadline in(Duration timeout) {
        if (timeout.isNegative() || timeout.isZero()) {
            return NOW;
        }
        return timeout.compareTo(LONGEST) > 0
                ? NEVER
                : new Deadline(false, System.nanoTime() + timeout.toNanos());
    }

    public boolean isNever() {
        return never;
    }

    public boolean hasPassed() {
        return !never && nanosLeft() <= 0;
    }

    /** What is left, zero or less once it has passed. */
    public long nanosLeft() {
        return never ? Long.MAX_VALUE : at - System.nanoTime();
    }

    /** As poll(2) takes it: rounded up, so that no wait ends early; -1 is without end. */
    public int millisLeft() {
        if (never) {
            return -1;
        }
        long millis = (Math.max(0, nanosLeft()) + 999_999) / 1_000_000;
        return (int) Math.min(Integer.MAX_VALUE, millis);
    }

    /** What is left, at least zero. */
    public Duration left() {
        return never ? LONGEST : Duration.ofNanos(Math.max(0, nanosLeft()));
    }
}
