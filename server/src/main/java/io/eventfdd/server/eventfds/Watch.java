package io.eventfdd.server.eventfds;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The counts of one eventfd as they come, the newest in place of those that were not fetched yet.
 * The loop's thread puts them in, one other thread takes them out.
 */
public final class Watch {
    /** What a watcher is told. */
    public sealed interface Event {
        /** The count now, unsigned. */
        record Counted(long count) implements Event {}

        /** There will be no more. */
        record Ended(End end) implements Event {}
    }

    private final ArrayBlockingQueue<Event> newest = new ArrayBlockingQueue<>(1);

    Watch() {}

    /** The next event, waiting at most {@code patience} for it. */
    public Optional<Event> next(Duration patience) throws InterruptedException {
        return Optional.ofNullable(newest.poll(patience.toNanos(), TimeUnit.NANOSECONDS));
    }

    /**
     * Puts {@code event} in place of one that was not fetched; by the loop's thread alone, so that
     * it always fits.
     */
    void tell(Event event) {
        newest.poll();
        newest.add(event);
    }
}
