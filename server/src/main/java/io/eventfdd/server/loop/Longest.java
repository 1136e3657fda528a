package io.eventfdd.server.loop;

import java.time.Duration;

/**
 * The longest of the times that were measured in the last minute or two. Asking does not change it.
 * One thread adds, and any thread may ask. Times are those of {@link System#nanoTime}.
 */
final class Longest {
    private static final long WINDOW = Duration.ofMinutes(1).toNanos();

    private volatile Windows windows;

    /** The longest time since {@code began}, and the longest in the minute before that. */
    private record Windows(long began, long now, long before) {
        Windows at(long time) {
            long age = time - began;
            return age < WINDOW ? this : new Windows(time, 0, age < 2 * WINDOW ? now : 0);
        }
    }

    Longest(long time) {
        windows = new Windows(time, 0, 0);
    }

    /** Adds a measurement of {@code nanos}, which ended at {@code time}. */
    void add(long time, long nanos) {
        var current = windows.at(time);
        windows = nanos > current.now ? new Windows(current.began, nanos, current.before) : current;
    }

    /** The longest time, in nanoseconds. */
    long at(long time) {
        var current = windows.at(time);
        return Math.max(current.now, current.before);
    }
}
