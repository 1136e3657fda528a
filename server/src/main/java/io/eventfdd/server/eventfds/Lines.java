package io.eventfdd.server.eventfds;

import static java.util.Objects.requireNonNull;

import io.eventfdd.client.Problem;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.Errno;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.server.eventfds.Waiter.Outcome;
import io.eventfdd.server.eventfds.Waiter.Watcher;
import io.eventfdd.server.eventfds.Waiter.Writer;
import io.eventfdd.server.loop.EventLoop;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;

/**
 * The lines of waiters at each eventfd: which waiter stands in which line, and which events the
 * kernel is asked to report. Belongs to the loop's thread.
 *
 * <p>An eventfd is in the epoll set only while a waiter stands in one of its lines, and is
 * edge-triggered, so that a count that nobody takes does not keep the loop busy. The order is
 * therefore always the same: stand in line, look, and only then arm. The kernel then reports what
 * is ready at that moment, and every later write.
 */
final class Lines {
    /** Is told that an eventfd may be readable or may have room. */
    @FunctionalInterface
    interface Ready {
        void ready(NamedEventfd eventfd, int events) throws IOException;
    }

    private static final System.Logger LOGGER = System.getLogger(Lines.class.getName());

    /** The number of lines that a waiter leaves in one step; each may take a system call. */
    private static final int LINES_A_STEP = 64;

    /** The number of waiters that end in one step. */
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

    /** Changes the limits. Calls that wait above the new limits stay. */
    void limit(Limits limits) {
        assert loop.inLoop();
        mostPerConnection = limits.waitersPerConnection();
        waiting.limit(limits.waiters());
        watching.limit(limits.watchers());
    }

    /** The number of calls that wait, counted once for each eventfd that they wait on. */
    int waiting() {
        assert loop.inLoop();
        return waiting.inAll();
    }

    /** The number of watches. */
    int watching() {
        assert loop.inLoop();
        return watching.inAll();
    }

    /** The number of calls that had to wait and were served. */
    long wakeUps() {
        return wakeUps;
    }

    // Standing in line

    /**
     * Checks that the limits admit {@code waiter}, which arrives. A call that can be served at once
     * does not wait, so {@link #checkWait} comes later; only a watch is sure to stay.
     *
     * @throws ProblemException {@code limit}
     */
    void check(Waiter waiter) {
        int size = waiter.targets().size();
        if (size > mostPerConnection) {
            throw new ProblemException(
                    ProblemType.LIMIT,
                    "max-waiters-per-connection: "
                            + size
                            + " names are more than "
                            + mostPerConnection);
        }
        if (waiter instanceof Watcher) {
            checkWait(waiter);
        }
    }

    /**
     * Checks that {@code waiter} may wait.
     *
     * @throws ProblemException {@code limit}
     */
    void checkWait(Waiter waiter) {
        quota(waiter).check(waiter.caller().peer().uid(), waiter.targets().size());
    }

    private Quota quota(Waiter waiter) {
        return waiter instanceof Watcher ? watching : waiting;
    }

    /** Puts {@code waiter} into its lines. This arms nothing. */
    void enter(Waiter waiter) {
        waiter.targets().forEach(target -> target.enter(waiter));
    }

    /** Moves {@code waiter}, which needs all of its targets, into the line of {@code to}. */
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

    /** Asks the kernel to report the events for which {@code waiter} waits. */
    void await(Waiter waiter) throws ErrnoException {
        waiter.caller().waiter(waiter);
        waiter.setWaiting(loop.now());
        quota(waiter).add(waiter.caller().peer().uid(), waiter.targets().size());
        waiter.targets().forEach(target -> target.waits(waiter, 1));
        for (var target : waiter.targets()) {
            if (waiter.standsInLineOf(target)) {
                arm(target);
            }
        }
    }

    // Departure

    /** Ends the wait of {@code waiter}, which was served. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void served(Waiter waiter, List<Reading> readings) throws IOException {
        if (waiter.caller().waiter() == waiter) {
            wakeUps++;
        }
        leave(waiter, new Outcome.Served(readings));
    }

    /** Ends the wait of {@code waiter}, which was not served. */
    void end(Waiter waiter, End end) throws IOException {
        if (waiter instanceof Watcher watcher) {
            tellLast(watcher);
            watcher.watch().end(end);
        }
        leave(waiter, new Outcome.Ended(end));
    }

    /** Tells a count that the kernel may not have reported yet. */
    private static void tellLast(Watcher watcher) {
        try {
            long count = watcher.target().eventFd().count();
            if (count != 0) {
                watcher.watch().tellIfNew(count);
            }
        } catch (ErrnoException e) {
            say(watcher.target(), e);
        }
    }

    /** Ends the wait of {@code waiter} with {@code problem}. */
    void refuse(Waiter waiter, Problem problem) throws IOException {
        if (waiter instanceof Watcher watcher) {
            watcher.watch().end(End.FAILED);
        }
        leave(waiter, new Outcome.Refused(problem));
    }

    /**
     * Starts the departure of {@code waiter}: it cannot be served any more, and gets its outcome
     * once it is out of all lines.
     */
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
                    // There may be room for the next writer, and the kernel does not report it
                    // again.
                    ready.ready(target, Epoll.OUT);
                }
            }
            if (left.hasNext()) {
                return true;
            }
            if (waiter.isWaiting()) {
                quota(waiter).add(waiter.caller().peer().uid(), -waiter.targets().size());
            }
            waiter.outcome().complete(outcome);
            return false;
        }

        @Override
        public void abandon() {
            waiter.outcome().complete(outcome);
        }
    }

    /**
     * Called when the time of {@code waiter} is up, or when it {@linkplain Waiter#refusal may not
     * wait}. If its line is being served at this moment, it may still be served.
     */
    void expire(Waiter waiter) throws IOException {
        for (var target : waiter.targets()) {
            if (waiter.standsInLineOf(target) && target.isBeingServed()) {
                target.late.add(waiter);
                return;
            }
        }
        var refusal = waiter.refusal();
        if (refusal != null) {
            refuse(waiter, refusal);
        } else if (waiter instanceof Writer writer) {
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
     * The eventfds for which {@code writer} waits: those without room for its values, or the one
     * that has room, but in which others are to be served first.
     */
    private List<NamedEventfd> full(Writer writer) throws ErrnoException {
        var full = targets.withoutRoom(writer);
        if (!full.isEmpty()) {
            return full;
        }
        var watched = writer.watched();
        return watched == null ? writer.targets() : List.of(watched);
    }

    /**
     * Called when the lines of {@code eventfd} have been served: ends the waiters whose time was up
     * meanwhile.
     */
    void endLate(NamedEventfd eventfd) throws IOException {
        if (eventfd.late.isEmpty() || eventfd.isBeingServed()) {
            return;
        }
        var late = List.copyOf(eventfd.late);
        eventfd.late.clear();
        eachThatWaits(late, this::expire);
    }

    /** Ends all who wait for {@code eventfd}, some in each step, and then closes it. */
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
                // Not earlier, because the waiters look at all of their targets.
                eventfd.eventFd().close();
            }
            return left.hasNext();
        }

        @Override
        public void abandon() {
            left.forEachRemaining(waiter -> Lines.this.abandon(waiter, end));
        }
    }

    /** Completes {@code waiter}, which is in no line, or for which nothing else can be done. */
    void abandon(Waiter waiter, End end) {
        if (waiter instanceof Watcher watcher && !waiter.outcome().isDone()) {
            watcher.watch().end(end);
        }
        waiter.outcome().complete(new Outcome.Ended(end));
    }

    // Readiness

    /**
     * Asks the kernel for exactly the events for which the lines of {@code eventfd} wait.
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

    /** Asks the kernel for fewer events, if it was asked for any. */
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
     * Handles a refusal of the kernel at {@code eventfd}: it ends all who wait for it, but not the
     * loop.
     */
    void fault(NamedEventfd eventfd, ErrnoException why) throws IOException {
        var problem = say(eventfd, why);
        eachThatWaits(eventfd.allWaiters(), waiter -> refuse(waiter, problem));
    }

    /** Runs {@code action}, one step each, for those of {@code waiters} that still wait then. */
    private void eachThatWaits(Collection<Waiter> waiters, EventLoop.Action<Waiter> action)
            throws IOException {
        loop.each(
                waiters,
                waiter -> {
                    if (!waiter.isOver()) {
                        action.on(waiter);
                    }
                });
    }

    /**
     * Handles a refusal of the kernel at an eventfd of {@code waiter}. If the waiter has several,
     * and so it is not known which one was refused, this ends that waiter alone.
     */
    void fault(Waiter waiter, ErrnoException why) throws IOException {
        if (waiter.isSingle()) {
            fault(waiter.target(), why);
        } else {
            var problem = ProblemType.INTERNAL.problem("one of the eventfds: " + why.getMessage());
            LOGGER.log(Level.ERROR, "a call on many eventfds failed: {0}", problem.detail());
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
                    "{0}; the calls that wait on it fail, and the daemon goes on",
                    problem.detail());
        }
        return problem;
    }

    /**
     * Handles the case that the kernel does not watch for {@code waiter}, because it has no room or
     * refuses an eventfd.
     */
    void refuse(Waiter waiter, ErrnoException why) throws IOException {
        if (why.is(Errno.ENOSPC) || why.is(Errno.ENOMEM)) {
            refuse(
                    waiter,
                    ProblemType.LIMIT.problem(
                            "the kernel allows no more waiters: " + why.getMessage()));
        } else {
            fault(waiter, why);
        }
    }

    /** The reason why {@code waiter} can neither wait nor be served; null if there is none. */
    static @Nullable End refusal(Waiter waiter) {
        if (waiter.caller().isGone()) {
            return End.CLIENT_GONE;
        }
        return waiter.lostTarget() ? End.DELETED : null;
    }
}
