package io.eventfdd.server.loop;

import java.time.Duration;

/**
 * The longest of what was measured in the last minute or two, whoever asks and however often. One
 * thread adds, any may ask. Times are those of {@link System#nanoTime}.
 */
final class Longest {
    private static final long WINDOW = Duration.ofMinutes(1).toNanos();

    private volatile Windows windows;

    /** The longest since {@code began}, and the longest in the minute before that. */
    private record Windows(long began, long now, long before) {
        Windows at(long time) {
            long age = time - began;
            return age < WINDOW ? this : new Windows(time, 0, age < 2 * WINDOW ? now : 0);
        }
    }

    Longest(long time) {
        windows = new Windows(time, 0, 0);
    }

    /** Something took {@code nanos}, until {@code time}. */
    void add(long time, long nanos) {
        var current = windows.at(time);
        windows = nanos > current.now ? new Windows(current.began, nanos, current.before) : current;
    }

    /** The longest, in nanoseconds. */
    long at(long time) {
        var current = windows.at(time);
        return Math.max(current.now, current.before);
    }
}
