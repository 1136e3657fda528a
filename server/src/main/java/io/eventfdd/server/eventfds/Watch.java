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

    private final ArrayBlockingQueue<Event> newest = new ArrayBlockingQueue<>(1);

    Watch() {}

    /** The next event, waiting at most {@code patience} for it. */
    public Optional<Event> next(Duration patience) throws InterruptedException {
        return Optional.ofNullable(newest.poll(patience.toNanos(), TimeUnit.NANOSECONDS));
    }

    /**
     * Replaces the event that was not fetched, if any, with {@code event}. Only the loop's thread
     * calls this, so there is always room.
     */
    void tell(Event event) {
        newest.poll();
        newest.add(event);
    }
}
