package io.eventfdd.server.eventfds;

import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.server.eventfds.Waiter.Consumer;
import io.eventfdd.server.eventfds.Waiter.Observer;
import io.eventfdd.server.eventfds.Waiter.Outcome;
import io.eventfdd.server.eventfds.Waiter.Taker;
import io.eventfdd.server.eventfds.Waiter.Watcher;
import io.eventfdd.server.eventfds.Waiter.Writer;
import io.eventfdd.server.loop.EventLoop;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.time.Clock;
import java.util.Collection;
import java.util.List;

/**
 * The waits. A waiter that arrives is served at once or stands in line, and when the kernel reports
 * events, the lines are served. Belongs to the loop's thread.
 */
final class Waits {
    private final EventLoop loop;
    private final Targets targets = new Targets();
    private final Lines lines;
    private final Room room;
    private final Pass pass;
    private final Callers callers;
    private final Leases leases;
    private @Nullable End over;
    private long arrivals;

    Waits(EventLoop loop, Limits limits, Clock clock, Ledger ledger) {
        this.loop = loop;
        this.lines = new Lines(loop, limits, targets, this::ready);
        this.room = new Room(loop, lines, targets);
        this.leases = new Leases(loop, room, targets, this::cameBack, limits, clock, ledger);
        this.pass = new Pass(loop, lines, targets, room, leases);
        this.callers = new Callers(loop, this::hungUp);
    }

    Lines lines() {
        return lines;
    }

    Callers callers() {
        return callers;
    }

    Leases leases() {
        return leases;
    }

    // Arrival

    /** Serves {@code waiter} at once, or puts it in line until its time is up. */
    void arrive(Waiter waiter) throws IOException {
        assert loop.inLoop();
        var refusal = over == null ? Lines.refusal(waiter) : over;
        if (refusal != null) {
            lines.abandon(waiter, refusal);
            return;
        }
        try {
            lines.check(waiter);
            if (waiter instanceof Taker taker) {
                leases.check(taker);
                if (taker.targets().isEmpty()) {
                    leases.grant(taker);
                    taker.outcome().complete(new Outcome.Served(List.of()));
                    return;
                }
            }
        } catch (ProblemException e) {
            waiter.outcome().complete(new Outcome.Refused(e.problem()));
            return;
        }
        waiter.arrive(++arrivals, lines);
        if (waiter.needsAll() && !waiter.isSingle()) {
            waiter.watch(waiter.target());
        }
        boolean readElsewhere = waiter.isAnyReadElsewhere();
        lines.enter(waiter);
        try {
            serve(waiter, readElsewhere);
        } catch (ErrnoException e) {
            lines.fault(waiter, e);
        }
        if (!waiter.isOver()) {
            settle(waiter);
        }
    }

    private void serve(Waiter waiter, boolean readElsewhere) throws IOException {
        switch (waiter) {
            case Watcher watcher -> watcher.watch().tell(watcher.target().eventFd().count());
            case Observer observer -> {
                targets.changed();
                Showing.see(observer, lines, targets);
            }
            case Consumer consumer -> {
                offer(consumer);
                if (readElsewhere) {
                    // A reader that stands elsewhere is ahead if what it lacked has arrived, and
                    // only the events of the next turn tell.
                    pass.defer();
                }
                pass.serveNow();
            }
            case Writer writer when writer.isSingle() -> room.refill(writer.target());
            case Writer writer -> room.writeToMany(writer);
        }
    }

    private void offer(Consumer consumer) throws IOException {
        if (consumer.isSingle()) {
            pass.due(consumer.target());
            return;
        }
        var readable = targets.readable(consumer);
        if (!consumer.needsAll()) {
            readable.forEach(pass::due);
        } else if (readable.size() == consumer.targets().size()) {
            pass.due(consumer.target());
        } else {
            lines.move(consumer, Showing.firstMissing(consumer.targets(), readable));
        }
    }

    /** Prepares for a longer wait: arms the eventfds and watches for the client's hang-up. */
    private void settle(Waiter waiter) throws IOException {
        if (waiter.hasDeadline()) {
            if (waiter.deadline() - loop.now() <= 0) {
                lines.expire(waiter);
                return;
            }
            try {
                lines.checkWait(waiter);
            } catch (ProblemException e) {
                waiter.refuse(e.problem());
                lines.expire(waiter);
                return;
            }
            loop.deadlines().add(waiter);
        }
        try {
            lines.await(waiter);
            callers.listen(waiter.caller());
        } catch (ErrnoException e) {
            lines.refuse(waiter, e);
        }
    }

    // What the kernel reports

    private void ready(NamedEventfd eventfd, int events) throws IOException {
        if ((events & Epoll.IN) != 0) {
            pass.due(eventfd);
            pass.serveLater();
        }
        if ((events & Epoll.OUT) != 0) {
            room.refillInTime(eventfd);
        }
    }

    /** Called when the client of {@code caller} closed its connection. */
    void hungUp(Caller caller) throws IOException {
        caller.setGone();
        var waiter = caller.waiter();
        if (waiter != null) {
            lines.end(waiter, End.CLIENT_GONE);
        }
    }

    /**
     * Called when the connection of {@code caller} ends or has ended: nothing waits for it any
     * more.
     */
    void ended(Caller caller) throws IOException {
        hungUp(caller);
        callers.forget(caller);
        leases.connectionEnded(caller);
    }

    // What others do to the lines

    /**
     * Takes the count of {@code eventfd}, or up to {@code most} permits of a semaphore, ahead of
     * all who stand in line. Returns 0 if there is nothing.
     */
    long take(NamedEventfd eventfd, int most) throws IOException {
        return pass.take(eventfd, most);
    }

    /** Gives a value back to its eventfd, from which the next in line gets it. */
    void putBack(Reading reading) throws IOException {
        giveBack(reading);
        cameBack(List.of(reading.source()));
    }

    /**
     * Gives values back to their eventfds, from which the next in line get them. All of them are on
     * their way back at once; the eventfds get them one after the other.
     */
    void putBack(Collection<Reading> taken) throws IOException {
        taken.forEach(room::goesBack);
        loop.each(
                taken,
                reading -> {
                    room.putBack(reading.source());
                    cameBack(List.of(reading.source()));
                });
    }

    /** Serves the next in line at {@code eventfds}, to which something has come back. */
    private void cameBack(Collection<NamedEventfd> eventfds) throws IOException {
        for (var eventfd : eventfds) {
            pass.due(eventfd);
            if (eventfd.isReadElsewhere()) {
                // As for a waiter that arrives: a reader that stands elsewhere may be ahead.
                pass.defer();
            }
        }
        pass.serveNow();
    }

    /** Gives a value back without serving the next in line; the kernel reports it. */
    void giveBack(Reading reading) throws IOException {
        room.giveBack(reading);
    }

    /**
     * Ends all who wait on {@code eventfd}, removes it from the epoll set and closes it. Values on
     * their way back to it are gone.
     */
    void delete(NamedEventfd eventfd) throws IOException {
        eventfd.deleted = true;
        eventfd.returning.clear();
        lines.arm(eventfd);
        lines.endAll(eventfd, End.DELETED);
    }

    /** Ends all who wait on any of {@code eventfds}; from now on nobody may wait. */
    void close(Collection<NamedEventfd> eventfds, End end) throws IOException {
        over = end;
        leases.freeze();
        for (var eventfd : eventfds) {
            for (var waiter : eventfd.allWaiters()) {
                if (!waiter.isOver()) {
                    lines.end(waiter, end);
                }
            }
        }
        room.end();
    }

    /** Tells those who wait that the loop has failed; nothing else can be done. */
    void abandon(Collection<NamedEventfd> eventfds) {
        over = End.FAILED;
        eventfds.stream()
                .map(NamedEventfd::allWaiters)
                .flatMap(List::stream)
                .forEach(waiter -> lines.abandon(waiter, End.FAILED));
    }
}
