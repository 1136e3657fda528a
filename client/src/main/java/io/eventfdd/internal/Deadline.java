package io.eventfdd.internal;

import io.eventfdd.internal.linux.Readiness;

import java.time.Duration;
import java.util.function.Supplier;

/** A point in time, on the clock of {@link System#nanoTime()}, at which a wait gives up. */
public final class Deadline {
    /** A deadline that never passes. */
    public static final Deadline NEVER = new Deadline(true, 0);

    /** A deadline that has passed: nothing is waited for. */
    static final Deadline NOW = new Deadline(false, System.nanoTime());

    /**
     * Longer times count as without end, because differences of nanoTime can express at most 292
     * years.
     */
    private static final Duration LONGEST = Duration.ofDays(36_500);

    private final boolean never;
    private final long at;

    private Deadline(boolean never, long at) {
        this.never = never;
        this.at = at;
    }

    /** A deadline {@code timeout} from now. With zero or less it has passed at once. */
    public static Deadline in(Duration timeout) {
        if (timeout.isNegative() || timeout.isZero()) {
            return NOW;
        }
        return timeout.compareTo(LONGEST) > 0
                ? NEVER
                : new Deadline(false, System.nanoTime() + timeout.toNanos());
    }

    /** A time that sums and differences of nanoTime can express: {@code time}, or 100 years. */
    public static Duration atMostLongest(Duration time) {
        return time.compareTo(LONGEST) > 0 ? LONGEST : time;
    }

    public boolean isNever() {
        return never;
    }

    public boolean hasPassed() {
        return !never && nanosLeft() <= 0;
    }

    /** The time that is left; zero or less once it has passed. */
    public long nanosLeft() {
        return never ? Long.MAX_VALUE : at - System.nanoTime();
    }

    /**
     * The time that is left, for poll(2): rounded up, so that no wait ends early; -1 is without
     * end.
     */
    public int millisLeft() {
        return never ? -1 : millis(nanosLeft());
    }

    /** The timeout in milliseconds for a wait of {@code nanos}, rounded up. */
    public static int millis(long nanos) {
        return Readiness.timeout(nanos);
    }

    /** The time that is left, at least zero. */
    public Duration left() {
        return never ? LONGEST : Duration.ofNanos(Math.max(0, nanosLeft()));
    }

    /**
     * The time that is left, but at most {@code longest}: how long one of several calls waits.
     * {@code longest} is asked only if any time is left.
     */
    public Duration leftAtMost(Supplier<Duration> longest) {
        var left = left();
        if (left.isZero()) {
            return left;
        }
        var most = longest.get();
        return left.compareTo(most) > 0 ? most : left;
    }
}
