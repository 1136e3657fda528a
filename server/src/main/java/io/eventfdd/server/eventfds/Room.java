package io.eventfdd.server.eventfds;

import static io.eventfdd.client.ProblemType.INTERNAL;

import static java.util.stream.Collectors.joining;

import io.eventfdd.client.Count;
import io.eventfdd.client.Problem;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.reactor.GuardedWriter;
import io.eventfdd.server.eventfds.Waiter.Writer;
import io.eventfdd.server.loop.EventLoop;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Adds the values that wait for room: first those that go back to where they were taken, then those
 * of the writers, in the order of arrival. Belongs to the loop's thread.
 *
 * <p>A writer to several eventfds adds to all of them at one moment as seen by the daemon's
 * clients. While it lacks room in one of them, it stands in the line of that one and holds up
 * nobody elsewhere. Raw holders cannot be kept out: if one of them fills an eventfd at that very
 * moment, the value is added as soon as there is room again.
 */
final class Room {
    /** The time without a guarded write after which the alarm is cleared. */
    private static final Duration REST = Duration.ofMillis(10);

    private final EventLoop loop;
    private final Lines lines;
    private final Targets targets;
    private final GuardedWriter writer = new GuardedWriter();

    /** Whether {@link #rest} will clear the alarm of the writer. */
    private boolean guarding;

    /** Whether there was a guarded write since the last {@link #rest}. */
    private boolean wrote;

    /** Whether the loop is about to end, so that there will be no {@link #rest}. */
    private boolean over;

    Room(EventLoop loop, Lines lines, Targets targets) {
        this.loop = loop;
        this.lines = lines;
        this.targets = targets;
    }

    /**
     * Gives a value back to the eventfd that it was taken from, ahead of all writers: as much as
     * there is room for, and the rest as soon as there is more. If the eventfd was deleted, the
     * value is gone.
     */
    void giveBack(Reading reading) throws IOException {
        goesBack(reading);
        putBack(reading.source());
    }

    /** Notes that a value goes back to its eventfd. {@link #putBack} adds it. */
    void goesBack(Reading reading) {
        var eventfd = reading.source();
        if (!eventfd.deleted) {
            eventfd.returning.add(reading.value());
            eventfd.linesChanged();
        }
    }

    /** Adds what goes back to {@code eventfd}, or waits for room. */
    void putBack(NamedEventfd eventfd) throws IOException {
        refill(eventfd);
        if (!eventfd.returning.isEmpty()) {
            awaitRoom(eventfd);
        }
    }

    /** What returns to {@code eventfd} waits for room; if the kernel refuses to tell, it stays. */
    private void awaitRoom(NamedEventfd eventfd) throws IOException {
        eventfd.linesChanged();
        try {
            lines.arm(eventfd);
        } catch (ErrnoException e) {
            lines.fault(eventfd, e);
        }
    }

    /**
     * Adds {@code value} ahead of all writers: as much as there is room for, and the rest as soon
     * as there is more. If the eventfd was deleted, the value is gone.
     */
    void addSoon(NamedEventfd eventfd, long value) throws IOException {
        if (eventfd.deleted) {
            return;
        }
        try {
            long added = eventfd.returning.isEmpty() ? addAsFarAsThereIsRoom(eventfd, value) : 0;
            if (added != value) {
                eventfd.returning.add(value - added);
                awaitRoom(eventfd);
            }
        } catch (ErrnoException e) {
            lines.fault(eventfd, e);
        }
    }

    /**
     * Adds the values that wait for room in {@code eventfd}, as long as there is room: the first of
     * them at once.
     */
    void refill(NamedEventfd eventfd) throws IOException {
        if (!eventfd.refilling && !eventfd.deleted) {
            var refilling = new Refilling(eventfd);
            if (refilling.step()) {
                loop.start(refilling);
            }
        }
    }

    /**
     * Does the same as {@link #refill}, but does nothing at once if this turn has no time for it:
     * many eventfds can have room at one moment, and the first value of each can be that of a
     * writer to a thousand.
     */
    void refillInTime(NamedEventfd eventfd) throws IOException {
        if (!eventfd.refilling && !eventfd.deleted) {
            loop.start(new Refilling(eventfd));
        }
    }

    /** Adds one value in each step. */
    private final class Refilling implements EventLoop.Work {
        private final NamedEventfd eventfd;

        Refilling(NamedEventfd eventfd) {
            this.eventfd = eventfd;
            eventfd.refilling = true;
        }

        @Override
        public boolean step() throws IOException {
            boolean more = false;
            try {
                more = !eventfd.deleted && (eventfd.returning.isEmpty() ? write() : addReturning());
            } catch (ErrnoException e) {
                lines.fault(eventfd, e);
            }
            if (!more) {
                eventfd.refilling = false;
                lines.endLate(eventfd);
            }
            return more;
        }

        /** Adds as much as goes back, and false if some of it has to wait for room. */
        private boolean addReturning() throws IOException {
            long value = eventfd.returning.next();
            long added = addAsFarAsThereIsRoom(eventfd, value);
            eventfd.returning.remove(added);
            if (added != value) {
                return false;
            }
            if (eventfd.returning.isEmpty()) {
                eventfd.linesChanged();
                lines.disarm(eventfd);
            }
            return true;
        }

        /**
         * Serves the first of the writers. Returns false if it has to wait, or if there is none.
         */
        private boolean write() throws IOException {
            if (eventfd.writers.isEmpty()) {
                return false;
            }
            var first = eventfd.writers.first();
            if (first.isOver()) {
                eventfd.leave(first);
            } else if (!first.isSingle()) {
                return writeToMany(first) || first.watched() != eventfd;
            } else if (add(eventfd, first.value(0))) {
                lines.served(first, List.of());
            } else {
                return false;
            }
            return true;
        }
    }

    /** Serves {@code writer} if all of its targets have room. Otherwise it stays in line. */
    boolean writeToMany(Writer writer) throws IOException {
        if (writer.lostTarget()) {
            lines.end(writer, End.DELETED);
            return true;
        }
        for (var target : writer.targets()) {
            if (isAhead(target, writer)) {
                lines.move(writer, target);
                return false;
            }
        }
        try {
            var full = addToAll(writer);
            if (full != null) {
                lines.move(writer, full);
                return false;
            }
            lines.served(writer, List.of());
        } catch (ErrnoException e) {
            lines.fault(writer, e);
        }
        return true;
    }

    /**
     * Returns null if the values were added. Otherwise nothing was added, and the result is a
     * target without room.
     *
     * <p>No eventfd refuses a value for which it has room. If the kernel refuses one all the same,
     * the other eventfds keep their values, and the answer says so: raw holders may have taken them
     * already.
     */
    private @Nullable NamedEventfd addToAll(Writer writer) throws IOException {
        var all = writer.targets();
        all.forEach(NamedEventfd::hold);
        try {
            var full = targets.withoutRoom(writer);
            if (!full.isEmpty()) {
                return full.getFirst();
            }
            var refused = new ArrayList<Problem>(0);
            for (int i = 0; i < all.size(); i++) {
                try {
                    addOrLeave(all.get(i), writer.value(i));
                } catch (ErrnoException e) {
                    refused.add(Lines.say(all.get(i), e));
                }
            }
            if (!refused.isEmpty()) {
                var why = refused.stream().map(Problem::detail).collect(joining("; "));
                lines.refuse(writer, INTERNAL.problem(why + "; the other values were added"));
            }
            return null;
        } finally {
            all.forEach(NamedEventfd::letGo);
        }
    }

    /** Whether {@code target} gets other values before that of {@code writer}. */
    private static boolean isAhead(NamedEventfd target, Writer writer) {
        return !target.returning.isEmpty()
                || (!target.writers.isEmpty()
                        && target.writers.first().sequence() < writer.sequence());
    }

    private void addOrLeave(NamedEventfd eventfd, long value) throws IOException {
        if (!add(eventfd, value)) {
            eventfd.returning.add(value);
            awaitRoom(eventfd);
        }
    }

    /** Clears the alarm, and from now on after each write. */
    void end() throws ErrnoException {
        over = true;
        writer.rest();
    }

    private long addAsFarAsThereIsRoom(NamedEventfd eventfd, long value) throws ErrnoException {
        if (add(eventfd, value)) {
            return value;
        }
        long count = eventfd.eventFd().count();
        long room = count == Count.OVERFLOW ? 0 : Count.MAX - count;
        if (Long.compareUnsigned(value, room) <= 0) {
            // A raw holder has just made room, and the kernel reports it.
            return 0;
        }
        return room != 0 && add(eventfd, room) ? room : 0;
    }

    /**
     * Adds {@code value} if there is room. It never blocks for more than a moment, whatever a raw
     * holder does.
     */
    private boolean add(NamedEventfd eventfd, long value) throws ErrnoException {
        targets.changed();
        var eventFd = eventfd.eventFd();
        if (!eventfd.isShared()) {
            return eventFd.write(value);
        }
        try {
            return writer.write(eventFd, value);
        } finally {
            wrote = true;
            if (over) {
                writer.rest();
            } else if (!guarding) {
                guarding = true;
                loop.after(REST, this::rest);
            }
        }
    }

    /** Clears the alarm, unless there was a write since the last time. */
    private void rest() throws ErrnoException {
        guarding = wrote;
        wrote = false;
        if (guarding) {
            loop.after(REST, this::rest);
        } else {
            writer.rest();
        }
    }
}
