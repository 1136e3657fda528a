package io.eventfdd.server.eventfds;

import static java.util.Objects.requireNonNull;

import io.eventfdd.client.Problem;
import io.eventfdd.client.ProblemException;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.server.eventfds.Waiter.Outcome;
import io.eventfdd.server.eventfds.Waiter.Watcher;
import io.eventfdd.server.eventfds.Waiter.Writer;
import io.eventfdd.server.loop.EventLoop;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.Iterator;
import java.util.List;

/**
 * The lines before the eventfds: who stands in which, and what the kernel is asked to report.
 * Belongs to the loop's thread.
 *
 * <p>An eventfd is in the epoll set only while someone stands in one of its lines, and
 * edge-triggered: a count that nobody takes must not turn the loop. So the order is always the
 * same: stand in line, look, and only then arm; the kernel reports what is ready at that moment and
 * every write after it.
 */
final class Lines {
    /** Hears that an eventfd may be readable or may have room. */
    @FunctionalInterface
    interface Ready {
        void ready(NamedEventfd eventfd, int events) throws IOException;
    }

    private static final System.Logger LOGGER = System.getLogger(Lines.class.getName());

    /** How many lines are left in one step: each may take a system call. */
    private static final int LINES_A_STEP = 64;

    /** How many waiters end in one step. */
    private static final int WAITERS_A_STEP = 8;

    private final EventLoop loop;
    private final Targets targets;
    private final Ready ready;
    private final Quota waiting;
    private final Quota watching;
    private int mostPerConnection;
    private volatile long wakeUps;

    Lines(EventLoop loop, Limits limits, Targets targets, Ready ready) {
        this.loop = loop;
        this.targets = targets;
        this.ready = ready;
        this.mostPerConnection = limits.waitersPerConnection();
        this.waiting = new Quota("max-waiters", limits.waiters());
        this.watching = new Quota("max-watchers", limits.watchers());
    }

    /** For those who come from now on. */
    void limit(Limits limits) {
        assert loop.inLoop();
        mostPerConnection = limits.waitersPerConnection();
        waiting.limit(limits.waiters());
        watching.limit(limits.watchers());
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

    // Standing in line

    /**
     * Returns if the limits let {@code waiter} in.
     *
     * @throws ProblemException {@code limit}
     */
    void check(Waiter waiter) {
        int size = waiter.targets().size();
        if (size > mostPerConnection) {
            throw ProblemType.LIMIT.exception(
                    "max-waiters-per-connection: "
                            + size
                            + " names are more than "
                            + mostPerConnection);
        }
        quota(waiter).check(waiter.caller().peer().uid(), size);
    }

    private Quota quota(Waiter waiter) {
        return waiter instanceof Watcher ? watching : waiting;
    }

    /** {@code waiter} takes its places. Nothing is armed yet. */
    void enter(Waiter waiter) {
        quota(waiter).add(waiter.caller().peer().uid(), waiter.targets().size());
        waiter.targets().forEach(target -> target.enter(waiter));
    }

    /**
     * {@code waiter} needs all of its targets, and from now on stands in the line of {@code to}.
     */
    void move(Waiter waiter, NamedEventfd to) throws IOException {
        var from = waiter.watched();
        if (from == to || waiter.isOver()) {
            return;
        }
        if (from != null) {
            from.leave(waiter);
        }
        to.leave(waiter);
        waiter.watch(to);
        to.enter(waiter);
        if (from != null) {
            from.enter(waiter);
            disarm(from);
        }
        if (waiter.caller().waiter() == waiter) {
            try {
                arm(to);
            } catch (ErrnoException e) {
                refuse(waiter, e);
            }
        }
    }

    /** The wait will last: has the kernel report what {@code waiter} waits for. */
    void await(Waiter waiter) throws ErrnoException {
        waiter.caller().waiter(waiter);
        waiter.setWaiting();
        waiter.targets().forEach(target -> target.waits(waiter, 1));
        for (var target : waiter.targets()) {
            if (waiter.standsInLineOf(target)) {
                arm(target);
            }
        }
    }

    // Departure

    /** {@code waiter} leaves with what it came for. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void served(Waiter waiter, List<Reading> readings) throws IOException {
        if (waiter.caller().waiter() == waiter) {
            wakeUps++;
        }
        leave(waiter, new Outcome.Served(readings));
    }

    /** {@code waiter} leaves unserved. */
    void end(Waiter waiter, End end) throws IOException {
        if (waiter instanceof Watcher watcher) {
            watcher.watch().tell(new Watch.Event.Ended(end));
        }
        leave(waiter, new Outcome.Ended(end));
    }

    /** {@code waiter} leaves, as {@code problem} says. */
    void refuse(Waiter waiter, Problem problem) throws IOException {
        if (waiter instanceof Watcher watcher) {
            watcher.watch().tell(new Watch.Event.Ended(End.FAILED));
        }
        leave(waiter, new Outcome.Refused(problem));
    }

    /** From now on it cannot be served; it has its outcome once it is out of all lines. */
    void leave(Waiter waiter, Outcome outcome) throws IOException {
        if (waiter.isOver()) {
            return;
        }
        waiter.setOver();
        if (waiter.hasDeadline()) {
            loop.deadlines().remove(waiter);
        }
        if (waiter.caller().waiter() == waiter) {
            waiter.caller().waiter(null);
        }
        var leaving = new Leaving(waiter, outcome);
        if (leaving.step()) {
            loop.begin(leaving);
        }
    }

    /** A waiter on its way out of its lines, some of them in each step. */
    private final class Leaving implements EventLoop.Work {
        private final Waiter waiter;
        private final Outcome outcome;
        private final Iterator<NamedEventfd> left;

        Leaving(Waiter waiter, Outcome outcome) {
            this.waiter = waiter;
            this.outcome = outcome;
            this.left = waiter.targets().iterator();
        }

        @Override
        public boolean step() throws IOException {
            for (int i = 0; i < LINES_A_STEP && left.hasNext(); i++) {
                var target = left.next();
                target.leave(waiter);
                if (waiter.isWaiting()) {
                    target.waits(waiter, -1);
                }
                disarm(target);
                if (waiter instanceof Writer writer && writer.standsInLineOf(target)) {
                    // There may be room for the next one, which the kernel does not report again.
                    ready.ready(target, Epoll.OUT);
                }
            }
            if (left.hasNext()) {
                return true;
            }
            quota(waiter).add(waiter.caller().peer().uid(), -waiter.targets().size());
            waiter.outcome().complete(outcome);
            return false;
        }

        @Override
        public void abandon() {
            waiter.outcome().complete(outcome);
        }
    }

    /**
     * The time of {@code waiter} is up. If its line is being served just now, it may still get what
     * it came for.
     */
    void expire(Waiter waiter) throws IOException {
        for (var target : waiter.targets()) {
            if (waiter.standsInLineOf(target) && target.isBeingServed()) {
                target.late.add(waiter);
                return;
            }
        }
        if (waiter instanceof Writer writer) {
            try {
                leave(writer, new Outcome.NoRoom(full(writer)));
            } catch (ErrnoException e) {
                fault(writer, e);
            }
        } else {
            end(waiter, End.TIMED_OUT);
        }
    }

    /**
     * What {@code writer} waits for: those without room for its values, or the one that has room,
     * but not for those who came before it.
     */
    private List<NamedEventfd> full(Writer writer) throws ErrnoException {
        var full = targets.withoutRoom(writer);
        if (!full.isEmpty()) {
            return full;
        }
        var watched = writer.watched();
        return watched == null ? writer.targets() : List.of(watched);
    }

    /** The lines of {@code eventfd} have been served: those whose time was up meanwhile end. */
    void endLate(NamedEventfd eventfd) throws IOException {
        if (eventfd.late.isEmpty() || eventfd.isBeingServed()) {
            return;
        }
        var late = List.copyOf(eventfd.late);
        eventfd.late.clear();
        for (var waiter : late) {
            if (!waiter.isOver()) {
                expire(waiter);
            }
        }
    }

    /** All who wait for {@code eventfd} end, some in each step; then it is closed. */
    void endAll(NamedEventfd eventfd, End end) throws IOException {
        var ending = new Ending(eventfd, end);
        if (ending.step()) {
            loop.begin(ending);
        }
    }

    private final class Ending implements EventLoop.Work {
        private final NamedEventfd eventfd;
        private final Iterator<Waiter> left;
        private final End end;

        Ending(NamedEventfd eventfd, End end) {
            this.eventfd = eventfd;
            this.left = eventfd.allWaiters().iterator();
            this.end = end;
        }

        @Override
        public boolean step() throws IOException {
            for (int i = 0; i < WAITERS_A_STEP && left.hasNext(); i++) {
                var waiter = left.next();
                if (!waiter.isOver()) {
                    end(waiter, end);
                }
            }
            if (!left.hasNext()) {
                // Not before, since they look at all of their targets.
                eventfd.eventFd().close();
            }
            return left.hasNext();
        }

        @Override
        public void abandon() {
            left.forEachRemaining(waiter -> Lines.this.abandon(waiter, end));
        }
    }

    /** Nothing can be done for {@code waiter} any more but to tell it. */
    void abandon(Waiter waiter, End end) {
        if (waiter instanceof Watcher watcher && !waiter.outcome().isDone()) {
            watcher.watch().tell(new Watch.Event.Ended(end));
        }
        waiter.outcome().complete(new Outcome.Ended(end));
    }

    // Readiness

    /**
     * Asks the kernel for just what those in the lines of {@code eventfd} wait for.
     *
     * @throws ErrnoException if the kernel has no room for one more, or refuses this one
     */
    void arm(NamedEventfd eventfd) throws ErrnoException {
        int interest = interest(eventfd);
        if (eventfd.armed != null) {
            rearm(eventfd, interest);
        } else if (interest != 0) {
            eventfd.armed =
                    loop.register(
                            eventfd.eventFd().fd(),
                            interest | Epoll.ET,
                            events -> ready.ready(eventfd, events));
        }
        eventfd.interest = interest;
    }

    /** Asks for less, if anything was asked. */
    void disarm(NamedEventfd eventfd) {
        if (eventfd.armed != null) {
            int interest = interest(eventfd);
            rearm(eventfd, interest);
            eventfd.interest = interest;
        }
    }

    private void rearm(NamedEventfd eventfd, int interest) {
        var armed = requireNonNull(eventfd.armed);
        try {
            if (interest == 0) {
                eventfd.armed = null;
                loop.unregister(armed);
            } else if (interest != eventfd.interest) {
                loop.modify(armed, interest | Epoll.ET);
            }
        } catch (ErrnoException e) {
            say(eventfd, e);
        }
    }

    private static int interest(NamedEventfd eventfd) {
        if (eventfd.deleted) {
            return 0;
        }
        boolean reads =
                !eventfd.consumers.isEmpty()
                        || !eventfd.observers.isEmpty()
                        || !eventfd.watchers.isEmpty();
        boolean writes = !eventfd.writers.isEmpty() || !eventfd.returning.isEmpty();
        return (reads ? Epoll.IN : 0) | (writes ? Epoll.OUT : 0);
    }

    /**
     * The kernel refused something of {@code eventfd}: that is the end of all who wait for it, and
     * not of the loop.
     */
    void fault(NamedEventfd eventfd, ErrnoException why) throws IOException {
        var problem = say(eventfd, why);
        for (var waiter : eventfd.allWaiters()) {
            if (!waiter.isOver()) {
                refuse(waiter, problem);
            }
        }
    }

    /** The same for {@code waiter} alone, if it is not known which of its eventfds it is. */
    void fault(Waiter waiter, ErrnoException why) throws IOException {
        if (waiter.isSingle()) {
            fault(waiter.target(), why);
        } else {
            var problem = ProblemType.INTERNAL.problem("one of many: " + why.getMessage());
            LOGGER.log(Level.ERROR, "a call on many eventfds ends: {0}", problem.detail());
            refuse(waiter, problem);
        }
    }

    /** Logs, the first time, that the kernel refused something of {@code eventfd}. */
    static Problem say(NamedEventfd eventfd, ErrnoException why) {
        var problem = ProblemType.INTERNAL.problem(eventfd + ": " + why.getMessage());
        if (!eventfd.faulty) {
            eventfd.faulty = true;
            LOGGER.log(
                    Level.ERROR,
                    "{0}; calls that wait for it end, and the daemon goes on",
                    problem.detail());
        }
        return problem;
    }

    /** The kernel does not watch for {@code waiter}: it has no room, or refuses an eventfd. */
    void refuse(Waiter waiter, ErrnoException why) throws IOException {
        if (why.is("ENOSPC") || why.is("ENOMEM")) {
            refuse(
                    waiter,
                    ProblemType.LIMIT.problem(
                            "the kernel takes no more waiters: " + why.getMessage()));
        } else {
            fault(waiter, why);
        }
    }

    /** The reason to end {@code waiter} at its arrival; null if there is none. */
    static @Nullable End refusal(Waiter waiter) {
        if (waiter.caller().isGone()) {
            return End.CLIENT_GONE;
        }
        return waiter.lostTarget() ? End.DELETED : null;
    }
}
