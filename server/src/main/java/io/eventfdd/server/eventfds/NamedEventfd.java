package io.eventfdd.server.eventfds;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.server.loop.Registration;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * One named eventfd: the kernel's object, its owner, and the lines of its waiters. It belongs to
 * the loop's thread, with one exception.
 *
 * <p><b>The short-cut.</b> A call that need not wait goes from its own thread straight to the
 * kernel, if it cannot overtake a waiter and if no other process holds the open file description.
 * As long as the description has not left this process, nobody can clear its O_NONBLOCK, so no call
 * can block. {@link #share} ends that, once and for all.
 *
 * <p><b>The flag.</b> From then on any holder may change O_NONBLOCK for all. Each hand-out sets it
 * to the value in the spec again, and {@link #state} reports the current value.
 */
final class NamedEventfd {
    /** Lines keep the order of arrival, and waiters may leave from the middle. */
    private static final Comparator<Waiter> BY_ARRIVAL = Comparator.comparingLong(Waiter::sequence);

    private final Identity identity;
    private final EventFd eventFd;
    private Former former;

    /** The waiters that take the count, in the order in which they are served. */
    final TreeSet<Waiter.Consumer> consumers = new TreeSet<>(BY_ARRIVAL);

    /** The waiters that only see the count, once. */
    final TreeSet<Waiter.Observer> observers = new TreeSet<>(BY_ARRIVAL);

    /** The watches, which see each count. */
    final TreeSet<Waiter.Watcher> watchers = new TreeSet<>(BY_ARRIVAL);

    /** The waiters that need room, in the order in which they are served. */
    final TreeSet<Waiter.Writer> writers = new TreeSet<>(BY_ARRIVAL);

    /**
     * The waiters that need this eventfd together with others, and stand in the line of another one
     * that cannot serve them yet.
     */
    private Set<Waiter> elsewhere = Set.of();

    private int readersElsewhere;

    /** What found no room yet, and is added before the values of the writers. */
    final Returning returning = new Returning();

    /** The waiters whose time is up while their line is being served; they end afterwards. */
    final List<Waiter> late = new ArrayList<>(0);

    /** The registration in the epoll set, while anyone waits. */
    @Nullable Registration armed;

    /** The events that the kernel was asked for. */
    int interest;

    boolean deleted;

    /** The progress of {@link Pass} in the line of consumers, while it serves them. */
    Pass.@Nullable Place place;

    /** The showing that tells observers and watches of the count, while there is one. */
    @Nullable Showing showing;

    /** The number of showings for which its consumers wait. */
    int heldUp;

    /** The count that {@link Targets} saw last, and when it saw it. */
    long counted;

    long countedAt;

    /** Whether values are being added to it, step by step. */
    boolean refilling;

    /** Whether the kernel has refused something at this eventfd, which is logged once. */
    boolean faulty;

    /**
     * Whether the loop is changing this eventfd together with others, so that no other thread may
     * look at it.
     */
    private volatile boolean held;

    private volatile boolean shared;
    private volatile boolean readsInLine;
    private volatile boolean writesInLine;
    private volatile int waiters;

    /** The permits that leases have taken of it. */
    private volatile long leased;

    private NamedEventfd(Identity identity, EventFd eventFd, boolean shared, Former former) {
        this.identity = identity;
        this.former = former;
        this.eventFd = eventFd;
        this.shared = shared;
    }

    /** Creates a new eventfd. */
    static NamedEventfd create(Identity identity) throws ErrnoException {
        var spec = identity.spec();
        var eventFd = EventFd.create(spec.initial(), spec.semaphore(), true);
        return new NamedEventfd(identity, eventFd, false, Former.NONE);
    }

    /**
     * Takes over an eventfd from another process.
     *
     * @param former the kernel objects that the name led to before
     */
    static NamedEventfd adopt(Identity identity, EventFd eventFd, boolean shared, Former former)
            throws ErrnoException {
        if (!shared) {
            eventFd.fd().setNonblocking(true);
        }
        return new NamedEventfd(identity, eventFd, shared, former);
    }

    /** Creates a new eventfd in place of one that was lost with its process. */
    static NamedEventfd beginAnew(Vacancy vacancy) throws ErrnoException {
        var identity = vacancy.identity();
        var eventFd = EventFd.create(0, identity.spec().semaphore(), true);
        if (vacancy.count() != 0) {
            eventFd.write(vacancy.count() == Count.OVERFLOW ? Count.MAX : vacancy.count());
        }
        return new NamedEventfd(identity, eventFd, false, vacancy.former());
    }

    /**
     * Whether the name led to {@code object} before, so that a holder of that may be given this
     * eventfd.
     */
    boolean was(EventFd object) throws ErrnoException {
        return former.contains(object.id());
    }

    Former former() {
        return former;
    }

    /** Sets the {@linkplain Former advance} on the count of {@code object} to {@code now}. */
    void advance(long object, long now) {
        former = former.withAdvance(object, now);
    }

    Identity identity() {
        return identity;
    }

    EventfdName name() {
        return identity.name();
    }

    EventfdSpec spec() {
        return identity.spec();
    }

    Owner owner() {
        return identity.owner();
    }

    /**
     * The kernel's object. Other threads than the loop's may use it only between {@code
     * fd().acquire()} and {@code fd().release()}.
     */
    EventFd eventFd() {
        return eventFd;
    }

    /** Whether a read may go straight to the kernel; ask it after {@code acquire()}. */
    boolean readsDirectly() {
        return !shared && !readsInLine;
    }

    /** Whether a write may go straight to the kernel; ask it after {@code acquire()}. */
    boolean writesDirectly() {
        return !shared && !writesInLine;
    }

    boolean isShared() {
        return shared;
    }

    /**
     * Prepares the description for leaving this process: O_NONBLOCK becomes what the spec says,
     * whatever other holders have set, and from now on every read and write goes through the loop.
     *
     * @return false if it has left before
     */
    boolean share() throws ErrnoException {
        boolean first = !shared;
        if (first) {
            shared = true;
            // A direct call that was allowed just before this ends within a microsecond, unless its
            // thread is preempted.
            eventFd.fd().awaitUnused();
        }
        eventFd.fd().setNonblocking(spec().nonblocking());
        return first;
    }

    // The lines, on the loop's thread

    /** Puts {@code waiter} into its line here, or notes that it needs this eventfd as well. */
    void enter(Waiter waiter) {
        if (!waiter.standsInLineOf(this)) {
            if (elsewhere.isEmpty()) {
                elsewhere = new HashSet<>();
            }
            if (elsewhere.add(waiter) && waiter.isReader()) {
                readersElsewhere++;
            }
        } else {
            switch (waiter) {
                case Waiter.Consumer consumer -> consumers.add(consumer);
                case Waiter.Observer observer -> observers.add(observer);
                case Waiter.Writer writer -> writers.add(writer);
                case Waiter.Watcher watcher -> watchers.add(watcher);
            }
        }
        linesChanged();
    }

    /** Removes {@code waiter}, which does not wait for this eventfd any more. */
    void leave(Waiter waiter) {
        if (!waiter.standsInLineOf(this)) {
            if (!elsewhere.isEmpty() && elsewhere.remove(waiter) && waiter.isReader()) {
                readersElsewhere--;
            }
            if (elsewhere.isEmpty()) {
                elsewhere = Set.of();
            }
        } else {
            switch (waiter) {
                case Waiter.Consumer consumer -> consumers.remove(consumer);
                case Waiter.Observer observer -> observers.remove(observer);
                case Waiter.Writer writer -> writers.remove(writer);
                case Waiter.Watcher watcher -> watchers.remove(watcher);
            }
        }
        linesChanged();
    }

    /** All waiters that need this eventfd, in a line of this one or of another. */
    List<Waiter> allWaiters() {
        var all = new ArrayList<Waiter>(consumers);
        all.addAll(observers);
        all.addAll(writers);
        all.addAll(watchers);
        all.addAll(elsewhere);
        return all;
    }

    /** The calls that wait for it, in no order: those that {@link #state} counts. */
    List<Waiter> waitingCalls() {
        return allWaiters().stream()
                .filter(waiter -> waiter.isWaiting() && !waiter.isOver())
                .filter(waiter -> !(waiter instanceof Waiter.Watcher))
                .toList();
    }

    /** Whether a reader that stands in the line of another eventfd needs this one. */
    boolean isReadElsewhere() {
        return readersElsewhere > 0;
    }

    /**
     * Whether its lines are being served, so that it is not yet known which waiters get nothing.
     */
    boolean isBeingServed() {
        return place != null || showing != null || heldUp > 0 || refilling;
    }

    /** Called after each change of the lines: decides whether the short-cut is open. */
    void linesChanged() {
        readsInLine =
                held
                        || readersElsewhere > 0
                        || !consumers.isEmpty()
                        || !observers.isEmpty()
                        || !returning.isEmpty();
        writesInLine = held || !writers.isEmpty() || !returning.isEmpty();
    }

    /**
     * Counts {@code waiter} when it begins to wait (1) or has waited (-1). A call that is served at
     * once is never counted, and neither is a watch.
     */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void waits(Waiter waiter, int change) {
        if (!(waiter instanceof Waiter.Watcher)) {
            waiters += change;
        }
    }

    /**
     * Notes that leases have taken {@code more} permits of it, or fewer if {@code more} is
     * negative.
     */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void lent(long more) {
        leased += more;
    }

    /**
     * Keeps all threads but the loop's from reading, writing or looking at the eventfd until {@link
     * #letGo}, so that it can change together with others at one moment. Raw holders are not
     * affected.
     */
    void hold() {
        held = true;
        linesChanged();
        eventFd.fd().awaitUnused();
    }

    void letGo() {
        held = false;
        linesChanged();
    }

    /**
     * The current state, on any thread. The result is null if the eventfd is deleted, and on other
     * threads than the loop's also if the loop is changing it at this moment.
     */
    @Nullable CurrentState state() throws ErrnoException {
        if (!eventFd.fd().acquire()) {
            return null;
        }
        try {
            return held
                    ? null
                    : new CurrentState(
                            name(),
                            eventFd.count(),
                            spec(),
                            isNonblocking(),
                            owner(),
                            waiters,
                            leased,
                            identity.created());
        } finally {
            eventFd.fd().release();
        }
    }

    /**
     * The value of O_NONBLOCK that its holders have. As long as there are none, the flag is set for
     * the short-cut.
     */
    private boolean isNonblocking() throws ErrnoException {
        return shared ? eventFd.fd().isNonblocking() : spec().nonblocking();
    }

    @Override
    public String toString() {
        return "eventfd " + name();
    }
}
