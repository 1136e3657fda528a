package io.eventfdd.server.loop;

import io.eventfdd.server.loop.Waiter.Consumer;
import io.eventfdd.server.loop.Waiter.Observer;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Whose turn it is: goes through the lines of eventfds that may be readable, those who only see
 * first, then those who take, in the order of their arrival over all the lines together. Belongs to
 * the loop's thread.
 *
 * <p>A waiter on many that takes from an eventfd brings that one's line in too, so that nobody
 * ahead of it there is passed by. Who cannot be served yet keeps its place.
 */
final class Turn {
    private enum Offer {
        /** It has what it came for. */
        SERVED,
        /**
         * It wants all of its eventfds and some are at 0: it keeps its place, and the next may have
         * this one.
         */
        PASSED_OVER,
        /** This eventfd is at 0: nobody behind can be served. */
        EMPTY
    }

    /** How far the line of one eventfd has come. */
    private record Place(NamedEventfd eventfd, Consumer next) {}

    private final Lines lines;
    private final PriorityQueue<Place> places =
            new PriorityQueue<>(Comparator.comparingLong(place -> place.next().sequence()));
    private long pass;

    Turn(Lines lines) {
        this.lines = lines;
    }

    /** Serves whom {@code eventfds} can serve. */
    void serve(List<NamedEventfd> eventfds) throws IOException {
        pass++;
        for (var eventfd : eventfds) {
            join(eventfd);
        }
        for (var place = places.poll(); place != null; place = places.poll()) {
            var consumer = place.next();
            if (consumer.isOver() || consumer.offered == pass) {
                advance(place);
            } else if (!consumer.isSingle() && joinReadable(consumer)) {
                places.add(place);
            } else {
                consumer.offered = pass;
                if (offer(consumer, place.eventfd()) != Offer.EMPTY) {
                    advance(place);
                }
            }
        }
    }

    private void advance(Place place) {
        enqueue(place.eventfd(), place.eventfd().consumers.higher(place.next()));
    }

    private void enqueue(NamedEventfd eventfd, @Nullable Consumer next) {
        if (next != null) {
            places.add(new Place(eventfd, next));
        }
    }

    /** Brings the line of {@code eventfd} in; false where it is in already. */
    private boolean join(NamedEventfd eventfd) throws IOException {
        if (eventfd.pass == pass) {
            return false;
        }
        eventfd.pass = pass;
        show(eventfd);
        enqueue(eventfd, eventfd.consumers.isEmpty() ? null : eventfd.consumers.first());
        return true;
    }

    /**
     * Brings the lines in of all that {@code consumer} could take from; false where they are in
     * already.
     */
    private boolean joinReadable(Consumer consumer) throws IOException {
        boolean joined = false;
        for (var eventfd : lines.readable(consumer.targets())) {
            joined |= join(eventfd);
        }
        return joined;
    }

    private Offer offer(Consumer consumer, NamedEventfd eventfd) throws IOException {
        if (consumer.isSingle()) {
            long value = lines.take(eventfd);
            if (value == 0) {
                return Offer.EMPTY;
            }
            lines.served(consumer, List.of(new Reading(eventfd, value)));
            return Offer.SERVED;
        }
        var readable = lines.readable(consumer.targets());
        if (consumer.wantsAll() && readable.size() < consumer.targets().size()) {
            return readable.contains(eventfd) ? Offer.PASSED_OVER : Offer.EMPTY;
        }
        var taken = new ArrayList<Reading>(readable.size());
        for (var target : readable) {
            long value = lines.take(target);
            if (value != 0) {
                taken.add(new Reading(target, value));
            }
        }
        if (taken.isEmpty()) {
            return Offer.EMPTY;
        }
        if (consumer.wantsAll() && taken.size() < consumer.targets().size()) {
            // A raw holder was faster at one of them.
            for (var reading : taken) {
                lines.giveBack(reading);
            }
            return Offer.PASSED_OVER;
        }
        lines.served(consumer, taken);
        return Offer.SERVED;
    }

    /** Shows the count of {@code eventfd} to those who only see. */
    private void show(NamedEventfd eventfd) throws IOException {
        if (eventfd.watchers.isEmpty() && eventfd.observers.isEmpty()) {
            return;
        }
        long count = eventfd.eventFd().count();
        if (count == 0) {
            return;
        }
        for (var watcher : eventfd.watchers) {
            watcher.watch().tell(new Watch.Event.Counted(count));
        }
        for (var observer : List.copyOf(eventfd.observers)) {
            var seen = observer.isSingle() ? List.of(new Reading(eventfd, count)) : see(observer);
            if (!seen.isEmpty()) {
                lines.served(observer, seen);
            }
        }
    }

    /** What {@code observer} can be shown now; nothing where it wants all and some are at 0. */
    private List<Reading> see(Observer observer) throws IOException {
        var seen = new ArrayList<Reading>();
        for (var target : lines.readable(observer.targets())) {
            long count = target.eventFd().count();
            if (count != 0) {
                seen.add(new Reading(target, count));
            }
        }
        return observer.wantsAll() && seen.size() < observer.targets().size() ? List.of() : seen;
    }
}
