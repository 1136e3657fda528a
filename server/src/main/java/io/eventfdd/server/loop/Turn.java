package io.eventfdd.server.loop;

import io.eventfdd.linux.Readiness;
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
 *
 * <p>Others write meanwhile. So an eventfd that was found at 0 is out of the pass: what comes to it
 * after that look is for those first who were looked for in vain, and the kernel reports it.
 */
final class Turn {
    /** How far the line of one eventfd has come. */
    private record Place(NamedEventfd eventfd, Consumer next) {}

    private final Lines lines;
    private final Readiness readiness = new Readiness();
    private final PriorityQueue<Place> places =
            new PriorityQueue<>(Comparator.comparingLong(place -> place.next().sequence()));
    private long pass;

    Turn(Lines lines) {
        this.lines = lines;
    }

    /** Serves whom {@code eventfds} can serve. */
    void serve(List<NamedEventfd> eventfds) throws IOException {
        pass++;
        for (var eventfd : readable(eventfds)) {
            join(eventfd);
        }
        for (var place = places.poll(); place != null; place = places.poll()) {
            var consumer = place.next();
            if (isOut(place.eventfd())) {
                continue;
            }
            if (consumer.isOver() || consumer.offered == pass) {
                advance(place);
            } else if (!consumer.isSingle() && joinReadable(consumer)) {
                places.add(place);
            } else {
                consumer.offered = pass;
                offer(consumer);
                advance(place);
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
        for (var eventfd : readable(consumer.targets())) {
            joined |= join(eventfd);
        }
        return joined;
    }

    /** Serves {@code consumer} if what it wants is there. */
    private void offer(Consumer consumer) throws IOException {
        var targets = consumer.targets();
        var readable = readable(targets);
        if (consumer.wantsAll() && readable.size() < targets.size()) {
            return;
        }
        var taken = new ArrayList<Reading>(readable.size());
        for (var target : readable) {
            long value = lines.take(target);
            if (value != 0) {
                taken.add(new Reading(target, value));
            } else {
                takeOut(target);
            }
        }
        if (consumer.wantsAll() && taken.size() < targets.size()) {
            // A raw holder was faster at one of them.
            for (var reading : taken) {
                lines.giveBack(reading);
            }
        } else if (!taken.isEmpty()) {
            lines.served(consumer, taken);
        }
    }

    private boolean isOut(NamedEventfd eventfd) {
        return eventfd.emptyPass == pass;
    }

    private void takeOut(NamedEventfd eventfd) {
        eventfd.emptyPass = pass;
    }

    /**
     * Which of {@code eventfds} are in this pass and readable now; the others are out of it. A
     * single one is not looked at, since a raw holder may be faster than any use of the answer.
     */
    private List<NamedEventfd> readable(List<NamedEventfd> eventfds) throws IOException {
        if (eventfds.size() == 1) {
            return eventfds;
        }
        readiness.begin(eventfds.size());
        eventfds.forEach(eventfd -> readiness.ask(eventfd.eventFd().fd()));
        readiness.await(0);
        var readable = new ArrayList<NamedEventfd>();
        for (int i = 0; i < eventfds.size(); i++) {
            var eventfd = eventfds.get(i);
            if (!readiness.isReadable(i)) {
                takeOut(eventfd);
            } else if (!isOut(eventfd)) {
                readable.add(eventfd);
            }
        }
        return readable;
    }

    /** Shows the count of {@code eventfd} to those who only see. */
    private void show(NamedEventfd eventfd) throws IOException {
        if (eventfd.watchers.isEmpty() && eventfd.observers.isEmpty()) {
            return;
        }
        long count = eventfd.eventFd().count();
        if (count == 0) {
            takeOut(eventfd);
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
        for (var target : readable(observer.targets())) {
            long count = target.eventFd().count();
            if (count != 0) {
                seen.add(new Reading(target, count));
            } else {
                takeOut(target);
            }
        }
        return observer.wantsAll() && seen.size() < observer.targets().size() ? List.of() : seen;
    }
}
