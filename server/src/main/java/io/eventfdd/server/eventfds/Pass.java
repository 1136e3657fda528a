package io.eventfdd.server.eventfds;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.ReadBuffer;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.server.eventfds.Waiter.Consumer;
import io.eventfdd.server.eventfds.Waiter.Taker;
import io.eventfdd.server.loop.EventLoop;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Serves the lines of the eventfds that may be readable: first all waiters that only see the count,
 * then those that take it, in the order of their arrival across all these lines. Each step serves
 * one consumer. Belongs to the loop's thread.
 *
 * <p>If a consumer of several eventfds could take from one of them, the line of that eventfd is
 * served too, so that the consumer overtakes nobody there. A consumer that needs all of its targets
 * and lacks one moves to the line of that target. It keeps the place of its arrival there and holds
 * up nobody.
 *
 * <p>Other processes write meanwhile. An eventfd that was found at 0 therefore leaves the pass: the
 * kernel reports a later write, and its line is then served from the front again.
 */
final class Pass implements EventLoop.Work {
    /** The progress in the line of one eventfd: {@code next} is to be served next. */
    record Place(NamedEventfd eventfd, Consumer next) {}

    /** A consumer of several eventfds can be the next one in several lines. */
    private static final Comparator<Place> BY_ARRIVAL =
            Comparator.<Place>comparingLong(place -> place.next().sequence())
                    .thenComparing(place -> place.eventfd().name().value());

    private final EventLoop loop;
    private final Lines lines;
    private final Room room;
    private final Targets targets;
    private final Leases leases;
    private final ReadBuffer buffer = new ReadBuffer();
    private final TreeSet<Place> places = new TreeSet<>(BY_ARRIVAL);

    /** The showings that are under way. */
    private final Set<Showing> showings = new LinkedHashSet<>();

    private boolean begun;

    /** Whether the rest of the pass has to wait for the events of the next turn. */
    private boolean deferred;

    /** Creates a pass with nothing to do. */
    Pass(EventLoop loop, Lines lines, Targets targets, Room room, Leases leases) {
        this.loop = loop;
        this.lines = lines;
        this.targets = targets;
        this.room = room;
        this.leases = leases;
    }

    /**
     * Schedules the lines of {@code eventfd}, which may be readable, to be served from the front.
     */
    void due(NamedEventfd eventfd) {
        if (eventfd.deleted) {
            return;
        } else if (eventfd.showing != null) {
            eventfd.showing.again();
        } else if (eventfd.watchers.isEmpty() && eventfd.observers.isEmpty()) {
            fromTheFront(eventfd);
        } else {
            out(eventfd);
            eventfd.showing = new Showing(eventfd, this, lines, targets);
            showings.add(eventfd.showing);
            loop.begin(eventfd.showing);
        }
    }

    /** Serves as many waiters as this turn has time for, and the rest later. */
    void serveNow() throws IOException {
        while (!deferred && !places.isEmpty() && loop.hasTime()) {
            serveNext();
        }
        serveLater();
    }

    /** Serves the rest as work of this turn or of the next ones. */
    void serveLater() {
        if (!begun && !places.isEmpty()) {
            begun = true;
            loop.begin(this);
        }
    }

    /** Pauses until the loop has looked for events again. */
    void defer() {
        deferred = true;
    }

    @Override
    public boolean step() throws IOException {
        deferred = false;
        if (!places.isEmpty()) {
            serveNext();
        }
        begun = !places.isEmpty();
        return begun;
    }

    /**
     * Called when {@code showing} is over: all who only see {@code eventfd} have been shown its
     * count.
     *
     * @param readable whether the consumers are next
     * @param held the eventfds whose lines have waited for this
     */
    void shown(
            Showing showing, NamedEventfd eventfd, boolean readable, Collection<NamedEventfd> held)
            throws IOException {
        showings.remove(showing);
        if (readable) {
            fromTheFront(eventfd);
        }
        held.forEach(this::due);
        serveLater();
        lines.endLate(eventfd);
        for (var other : held) {
            lines.endLate(other);
        }
    }

    private void fromTheFront(NamedEventfd eventfd) {
        if (!eventfd.deleted && !eventfd.consumers.isEmpty()) {
            in(eventfd, eventfd.consumers.first());
        }
    }

    private void in(NamedEventfd eventfd, Consumer next) {
        out(eventfd);
        eventfd.place = new Place(eventfd, next);
        places.add(eventfd.place);
    }

    private void out(NamedEventfd eventfd) {
        if (eventfd.place != null) {
            places.remove(eventfd.place);
            eventfd.place = null;
        }
    }

    private void serveNext() throws IOException {
        var place = places.first();
        var eventfd = place.eventfd();
        var consumer = place.next();
        out(eventfd);
        try {
            if (!eventfd.deleted && !holdUp(eventfd, eventfd) && serve(eventfd, consumer)) {
                var next = behind(eventfd, consumer);
                if (next != null) {
                    in(eventfd, next);
                }
            }
        } catch (ErrnoException e) {
            lines.fault(eventfd, e);
        }
        lines.endLate(eventfd);
    }

    /**
     * The waiter behind {@code consumer} in the line of {@code eventfd}; null if it was the last
     * one. If {@code consumer} was passed over, those behind it that want more permits than there
     * are need no look of their own. Each write begins anew at the front, so a look at each of
     * thousands could keep the pass from ever getting to the end of the line.
     */
    private @Nullable Consumer behind(NamedEventfd eventfd, Consumer consumer)
            throws ErrnoException {
        boolean passedOver =
                consumer instanceof Taker && !consumer.isOver() && consumer.standsInLineOf(eventfd);
        if (!passedOver) {
            return eventfd.consumers.higher(consumer);
        }
        long count = targets.count(eventfd);
        for (var next : eventfd.consumers.tailSet(consumer, false)) {
            if (!(next instanceof Taker taker && taker.wantsMoreThan(count, eventfd))) {
                return next;
            }
        }
        return null;
    }

    /** Tries to serve {@code consumer}. Returns false if its line left the pass. */
    private boolean serve(NamedEventfd eventfd, Consumer consumer) throws IOException {
        if (consumer.isOver() || !consumer.standsInLineOf(eventfd)) {
            return true;
        }
        var refusal = Lines.refusal(consumer);
        if (refusal != null) {
            // It may stand here though its client has gone, if its time was up as it came.
            lines.end(consumer, refusal);
            return true;
        }
        if (consumer instanceof Taker taker) {
            return serve(eventfd, taker);
        }
        if (consumer.isSingle()) {
            return serveOne(consumer);
        }
        try {
            return serveMany(eventfd, consumer);
        } catch (ErrnoException e) {
            lines.fault(consumer, e);
            return true;
        }
    }

    private boolean serve(NamedEventfd eventfd, Taker taker) throws IOException {
        try {
            return grant(eventfd, taker);
        } catch (ProblemException e) {
            lines.refuse(taker, e.problem());
        } catch (ErrnoException e) {
            lines.fault(taker, e);
        }
        return true;
    }

    /** A consumer that lacks permits is skipped: there may be enough for those behind it. */
    private boolean grant(NamedEventfd eventfd, Taker taker) throws IOException {
        var all = taker.targets();
        var enough = targets.readable(taker);
        if (enough.size() == all.size() && othersComeFirst(eventfd, taker, all)) {
            return false;
        }
        var missing =
                enough.size() < all.size()
                        ? Showing.firstMissing(all, enough)
                        : leases.grant(taker);
        if (missing == null) {
            lines.served(taker, List.of());
            return true;
        }
        if (!taker.isSingle() && moveTo(missing, eventfd, taker)) {
            return true;
        }
        return targets.count(eventfd) != 0;
    }

    private boolean serveOne(Consumer consumer) throws IOException {
        var target = consumer.target();
        long value = take(target, consumer.most());
        if (value == 0) {
            return false;
        }
        lines.served(consumer, List.of(new Reading(target, value)));
        return true;
    }

    private boolean serveMany(NamedEventfd eventfd, Consumer consumer) throws IOException {
        var all = consumer.targets();
        var readable = targets.readable(all);
        if (consumer.needsAll() && readable.size() < all.size()) {
            return moveTo(Showing.firstMissing(all, readable), eventfd, consumer);
        }
        if (readable.isEmpty()) {
            return false;
        }
        if (othersComeFirst(eventfd, consumer, readable)) {
            return false;
        }
        var taken = new ArrayList<Reading>(readable.size());
        var missing = takeAll(readable, consumer, taken);
        if (missing != null) {
            giveBack(taken);
            return moveTo(missing, eventfd, consumer);
        }
        if (!taken.isEmpty()) {
            lines.served(consumer, taken);
        }
        return !taken.isEmpty();
    }

    /**
     * Takes from each of {@code readable}, into {@code taken}. If {@code consumer} needs all of
     * them, it returns the one at which a raw holder was faster.
     */
    private @Nullable NamedEventfd takeAll(
            List<NamedEventfd> readable, Consumer consumer, List<Reading> taken)
            throws IOException {
        try {
            for (var target : readable) {
                long value = take(target, 1);
                if (value != 0) {
                    taken.add(new Reading(target, value));
                } else if (consumer.needsAll()) {
                    return target;
                }
            }
            return null;
        } catch (ErrnoException e) {
            giveBack(taken);
            throw e;
        }
    }

    private void giveBack(List<Reading> taken) throws IOException {
        for (var reading : taken) {
            room.giveBack(reading);
        }
    }

    /**
     * Adds the lines in which others stand before {@code consumer} to the pass, which then comes
     * back to it. Returns false if there are none.
     */
    private boolean othersComeFirst(
            NamedEventfd eventfd, Consumer consumer, List<NamedEventfd> readable) {
        boolean others = false;
        for (var target : readable) {
            if (target != eventfd && target.place == null && isAhead(target, consumer)) {
                due(target);
                others = true;
            }
            if (target.showing != null) {
                target.showing.hold(eventfd);
                return true;
            }
            if (holdUp(target, eventfd)) {
                return true;
            }
        }
        if (others) {
            in(eventfd, consumer);
        }
        return others;
    }

    /**
     * Makes the line of {@code eventfd} wait for the end of a showing at another eventfd, in which
     * a waiter may have to be shown {@code target}. Returns false if there is no such showing.
     */
    private boolean holdUp(NamedEventfd target, NamedEventfd eventfd) {
        if (!target.isReadElsewhere()) {
            return false;
        }
        for (var showing : showings) {
            if (showing.hasObservers()) {
                showing.hold(eventfd);
                return true;
            }
        }
        return false;
    }

    /** Whether {@code target} has to serve anyone before {@code consumer}. */
    private static boolean isAhead(NamedEventfd target, Consumer consumer) {
        return !target.observers.isEmpty()
                || (!target.consumers.isEmpty()
                        && target.consumers.first().sequence() < consumer.sequence());
    }

    /**
     * Moves {@code consumer} from the line of {@code eventfd} to that of {@code missing}, which it
     * lacks; there it may stand before the one whose turn it is. Returns false if that is the same
     * line, which then leaves the pass.
     */
    private boolean moveTo(NamedEventfd missing, NamedEventfd eventfd, Consumer consumer)
            throws IOException {
        lines.move(consumer, missing);
        var place = missing.place;
        if (place != null && consumer.sequence() < place.next().sequence()) {
            in(missing, consumer);
        }
        return missing != eventfd;
    }

    /** Takes the count, or as many permits of a semaphore as there are up to {@code most}. */
    long take(NamedEventfd eventfd, int most) throws ErrnoException {
        targets.changed();
        return eventfd.eventFd().readNow(eventfd.spec().semaphore(), most, buffer);
    }
}
