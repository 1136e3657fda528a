package io.eventfdd.server.eventfds;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The counts of one eventfd as they change. A new count replaces those that were not fetched yet.
 * The loop's thread puts counts in, and one other thread takes them out.
 */
public final class Watch {
    /** An event for a watcher. */
    public sealed interface Event {
        /** The count now, unsigned. */
        record Counted(long count) implements Event {}

        /** The watch has ended; there are no more events. */
        record Ended(End end) implements Event {}
    }

    /** The newest count, and the end behind it. */
    private final ArrayBlockingQueue<Event> events = new ArrayBlockingQueue<>(2);

    /** The last count that was told; the loop's thread alone asks for it. */
    private long told;

    Watch() {}

    /** The next event, waiting at most {@code patience} for it. */
    public Optional<Event> next(Duration patience) throws InterruptedException {
        return Optional.ofNullable(events.poll(patience.toNanos(), TimeUnit.NANOSECONDS));
    }

    /** Tells {@code count}, instead of a count that was not fetched yet. */
    void tell(long count) {
        told = count;
        events.poll();
        events.add(new Event.Counted(count));
    }

    /** Tells {@code count}, unless it is the last one that was told. */
    void tellIfNew(long count) {
        if (count != told) {
            tell(count);
        }
    }

    /** Tells that the watch has ended, behind a count that was not fetched yet. */
    void end(End end) {
        var _ = events.offer(new Event.Ended(end)); // there is room, unless it was told before
    }
}
