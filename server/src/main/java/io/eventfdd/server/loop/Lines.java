package io.eventfdd.server.loop;

import io.eventfdd.linux.Epoll;
import io.eventfdd.linux.ErrnoException;
import io.eventfdd.linux.GuardedWriter;
import io.eventfdd.linux.ReadBuffer;
import io.eventfdd.protocol.ProblemException;
import io.eventfdd.protocol.ProblemType;
import io.eventfdd.server.loop.Waiter.Consumer;
import io.eventfdd.server.loop.Waiter.Observer;
import io.eventfdd.server.loop.Waiter.Outcome;
import io.eventfdd.server.loop.Waiter.Watcher;
import io.eventfdd.server.loop.Waiter.Writer;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * The lines before the eventfds: who waits, and who is served when. Belongs to the loop's thread.
 *
 * <p>An eventfd is in the epoll set only while someone waits on it, and edge-triggered: a count
 * that nobody takes must not turn the loop. So the order is always the same: stand in line, look,
 * and only then arm; the kernel reports what is ready at that moment and every write after it.
 */
final class Lines {
    private final EventLoop loop;
    private final Turn turn;
    private final Callers callers;
    private int mostPerConnection;
    private final Quota waiting;
    private final Quota watching;
    private final ReadBuffer buffer = new ReadBuffer();
    private final GuardedWriter guarded = new GuardedWriter();
    private @Nullable End over;
    private long arrivals;
    private volatile long wakeUps;

    Lines(EventLoop loop, Limits limits) {
        this.loop = loop;
        this.mostPerConnection = limits.waitersPerConnection();
        this.waiting = new Quota("max-waiters", limits.waiters());
        this.watching = new Quota("max-watchers", limits.watchers());
        this.turn = new Turn(this);
        this.callers = new Callers(loop, this);
    }

    /** For those who come from now on. */
    void limit(Limits limits) {
        assert loop.inLoop();
        mostPerConnection = limits.waitersPerConnection();
        waiting.limit(limits.waiters());
        watching.limit(limits.watchers());
    }

    // Arrival

    /** Serves {@code waiter} at once, or has it stand in line until its time is up. */
    void arrive(Waiter waiter) throws IOException {
        assert loop.inLoop();
        var refusal = refusal(waiter);
        if (refusal != null) {
            waiter.outcome().complete(refusal);
            return;
        }
        waiter.arrive(++arrivals, this);
        enter(waiter);
        serve(waiter);
        if (waiter.isOver()) {
            return;
        }
        if (waiter.hasDeadline()) {
            if (waiter.deadline() - loop.now() <= 0) {
                end(waiter, End.TIMED_OUT);
                return;
            }
            loop.deadlines().add(waiter);
        }
        settle(waiter);
    }

    /** How many wait, once for each eventfd that they wait on. */
    int waiting() {
        assert loop.inLoop();
        return waiting.inAll();
    }

    /** How many watch. */
    int watching() {
        assert loop.inLoop();
        return watching.inAll();
    }

    /** How many were served that had to wait. */
    long wakeUps() {
        return wakeUps;
    }

    private @Nullable Outcome refusal(Waiter waiter) {
        if (over != null) {
            return new Outcome.Ended(over);
        }
        if (waiter.caller().isGone()) {
            return new Outcome.Ended(End.CLIENT_GONE);
        }
        for (var target : waiter.targets()) {
            if (target.deleted) {
                return new Outcome.Ended(End.DELETED);
            }
        }
        int size = waiter.targets().size();
        if (size > mostPerConnection) {
            return new Outcome.Refused(
                    ProblemType.LIMIT.problem(
                            "max-waiters-per-connection: "
                                    + size
                                    + " names are more than "
                                    + mostPerConnection));
        }
        try {
            quota(waiter).check(waiter.caller().peer().uid(), size);
        } catch (ProblemException e) {
            return new Outcome.Refused(e.problem());
        }
        return null;
    }

    private Quota quota(Waiter waiter) {
        return waiter instanceof Watcher ? watching : waiting;
    }

    private void serve(Waiter waiter) throws IOException {
        switch (waiter) {
            case Writer writer -> refill(writer.target());
            case Watcher watcher ->
                    watcher.watch()
                            .tell(new Watch.Event.Counted(watcher.target().eventFd().count()));
            case Consumer consumer -> turn.serve(consumer.targets());
            case Observer observer -> turn.serve(observer.targets());
        }
    }

    /** It will be a while: arms the eventfds and listens for the client's hang-up. */
    private void settle(Waiter waiter) throws IOException {
        try {
            for (var target : waiter.targets()) {
                arm(target);
            }
            var caller = waiter.caller();
            caller.waiter(waiter);
            callers.listen(caller);
        } catch (ErrnoException full) {
            leave(waiter);
            waiter.outcome()
                    .complete(
                            new Outcome.Refused(
                                    ProblemType.LIMIT.problem(
                                            "the kernel takes no more waiters: "
                                                    + full.getMessage())));
        }
    }

    Callers callers() {
        return callers;
    }

    // Departure

    /** {@code waiter} leaves unserved. */
    void end(Waiter waiter, End end) throws IOException {
        leave(waiter);
        if (waiter instanceof Watcher watcher) {
            watcher.watch().tell(new Watch.Event.Ended(end));
        }
        waiter.outcome().complete(new Outcome.Ended(end));
    }

    /** {@code waiter} leaves with what it came for. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void served(Waiter waiter, List<Reading> readings) throws IOException {
        if (waiter.caller().waiter() == waiter) {
            wakeUps++;
        }
        leave(waiter);
        waiter.outcome().complete(new Outcome.Served(readings));
    }

    private void enter(Waiter waiter) {
        quota(waiter).add(waiter.caller().peer().uid(), waiter.targets().size());
        for (var target : waiter.targets()) {
            switch (waiter) {
                case Consumer consumer -> target.consumers.add(consumer);
                case Observer observer -> target.observers.add(observer);
                case Writer writer -> target.writers.add(writer);
                case Watcher watcher -> target.watchers.add(watcher);
            }
            target.linesChanged();
        }
    }

    private void leave(Waiter waiter) throws IOException {
        quota(waiter).add(waiter.caller().peer().uid(), -waiter.targets().size());
        for (var target : waiter.targets()) {
            switch (waiter) {
                case Consumer consumer -> target.consumers.remove(consumer);
                case Observer observer -> target.observers.remove(observer);
                case Writer writer -> target.writers.remove(writer);
                case Watcher watcher -> target.watchers.remove(watcher);
            }
            target.linesChanged();
            if (target.armed != null) {
                arm(target);
            }
        }
        if (waiter.hasDeadline()) {
            loop.deadlines().remove(waiter);
        }
        if (waiter.caller().waiter() == waiter) {
            waiter.caller().waiter(null);
        }
    }

    /** The client of {@code caller} closed its connection. */
    void hungUp(Caller caller) throws IOException {
        caller.setGone();
        var waiter = caller.waiter();
        if (waiter != null) {
            end(waiter, End.CLIENT_GONE);
        }
    }

    /**
     * All who wait on {@code eventfd} end, and it leaves the epoll set; what was on its way back
     * goes with it.
     */
    void delete(NamedEventfd eventfd) throws IOException {
        eventfd.deleted = true;
        endAll(eventfd, End.DELETED);
        eventfd.returning.clear();
        arm(eventfd);
    }

    private void endAll(NamedEventfd eventfd, End end) throws IOException {
        var all = new ArrayList<Waiter>(eventfd.consumers);
        all.addAll(eventfd.observers);
        all.addAll(eventfd.writers);
        all.addAll(eventfd.watchers);
        for (var waiter : all) {
            if (!waiter.isOver()) {
                end(waiter, end);
            }
        }
    }

    /** All who wait on any of {@code eventfds} end, and nobody may wait any more. */
    void close(Collection<NamedEventfd> eventfds, End end) throws IOException {
        over = end;
        for (var eventfd : eventfds) {
            endAll(eventfd, end);
        }
    }

    // Readiness

    /** Asks the kernel for just what someone waits for. */
    private void arm(NamedEventfd eventfd) throws IOException {
        boolean reads =
                !eventfd.consumers.isEmpty()
                        || !eventfd.observers.isEmpty()
                        || !eventfd.watchers.isEmpty();
        boolean writes = !eventfd.writers.isEmpty() || !eventfd.returning.isEmpty();
        int interest = (reads ? Epoll.IN : 0) | (writes ? Epoll.OUT : 0);
        var armed = eventfd.armed;
        if (armed == null) {
            if (interest != 0) {
                eventfd.armed =
                        loop.register(
                                eventfd.eventFd().fd(),
                                interest | Epoll.ET,
                                events -> ready(eventfd, events));
            }
        } else if (interest == 0) {
            eventfd.armed = null;
            loop.unregister(armed);
        } else if (interest != eventfd.interest) {
            loop.modify(armed, interest | Epoll.ET);
        }
        eventfd.interest = interest;
    }

    private void ready(NamedEventfd eventfd, int events) throws IOException {
        if ((events & Epoll.IN) != 0) {
            turn.serve(List.of(eventfd));
        }
        if ((events & Epoll.OUT) != 0) {
            refill(eventfd);
        }
    }

    // Counts

    /** Takes the count, or 1 of a semaphore's; 0 where there is none. */
    long take(NamedEventfd eventfd) throws IOException {
        return eventfd.eventFd().readNow(buffer);
    }

    /**
     * Gives what was taken back to where it came from: to the next in line, and before all who wait
     * to write.
     */
    void putBack(Reading reading) throws IOException {
        giveBack(reading);
        turn.serve(List.of(reading.source()));
    }

    /**
     * The same without looking who is next; the kernel reports it. A deleted eventfd takes the
     * value with it.
     */
    void giveBack(Reading reading) throws IOException {
        var eventfd = reading.source();
        if (eventfd.deleted) {
            return;
        }
        eventfd.returning.add(reading.value());
        refill(eventfd);
        eventfd.linesChanged();
        arm(eventfd);
    }

    /** Adds what waits for room, while there is room. */
    private void refill(NamedEventfd eventfd) throws IOException {
        while (!eventfd.returning.isEmpty()) {
            if (!add(eventfd, eventfd.returning.element())) {
                return;
            }
            eventfd.returning.remove();
            if (eventfd.returning.isEmpty()) {
                eventfd.linesChanged();
                if (eventfd.armed != null) {
                    arm(eventfd);
                }
            }
        }
        while (!eventfd.writers.isEmpty()) {
            var first = eventfd.writers.first();
            if (!add(eventfd, first.value())) {
                return;
            }
            served(first, List.of());
        }
    }

    /**
     * Adds {@code value} where there is room. Never blocks for more than a moment, whatever a raw
     * holder does.
     */
    private boolean add(NamedEventfd eventfd, long value) throws IOException {
        var eventFd = eventfd.eventFd();
        if (!eventfd.isShared()) {
            return eventFd.write(value);
        }
        return guarded.write(eventFd, value);
    }
}
