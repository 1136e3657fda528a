package io.eventfdd.server.eventfds;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.server.loop.Registration;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * One named eventfd: the kernel's object, its owner, and the lines of those who wait on it. It
 * belongs to the loop's thread, with one exception.
 *
 * <p><b>The short-cut.</b> A call that need not wait goes from its own thread straight to the
 * kernel where nobody waits whom it could overtake, and where nobody else holds the open file
 * description: as long as it has not left this process, its O_NONBLOCK, which every holder could
 * clear, is set, and no call can block. {@link #share} ends that, once and for all.
 *
 * <p><b>The flag.</b> From then on any holder may change O_NONBLOCK for all. Each hand-out sets it
 * again as the spec has it, and {@link #state} says what it is.
 */
final class NamedEventfd {
    /** Lines are in the order of arrival, and let go from the middle. */
    private static final Comparator<Waiter> BY_ARRIVAL = Comparator.comparingLong(Waiter::sequence);

    private final Identity identity;
    private final EventFd eventFd;
    private Former former;
    private final boolean beganAnew;

    /** Those that take, first come, first served. */
    final TreeSet<Waiter.Consumer> consumers = new TreeSet<>(BY_ARRIVAL);

    /** Those that only see, once. */
    final TreeSet<Waiter.Observer> observers = new TreeSet<>(BY_ARRIVAL);

    /** Those that see each count. */
    final TreeSet<Waiter.Watcher> watchers = new TreeSet<>(BY_ARRIVAL);

    /** Those that wait for room, first come, first served. */
    final TreeSet<Waiter.Writer> writers = new TreeSet<>(BY_ARRIVAL);

    /**
     * Those that need this eventfd together with others and stand in the line of another one, where
     * they lack something.
     */
    private Set<Waiter> elsewhere = Set.of();

    private int readersElsewhere;

    /** Values on their way back that found no room yet; they go before the writers. */
    final Deque<Long> returning = new ArrayDeque<>(0);

    /** Those whose time is up, but whose line is being served: they end when it has been. */
    final List<Waiter> late = new ArrayList<>(0);

    /** In the epoll set, while someone waits. */
    @Nullable Registration armed;

    /** What was asked of the kernel while armed. */
    int interest;

    boolean deleted;

    /** How far its consumers have come, while {@link Pass} serves them. */
    Pass.@Nullable Place place;

    /** What tells its observers and watchers of the count, while it does. */
    @Nullable Showing showing;

    /** How many showings its consumers wait for. */
    int heldUp;

    /** The count that {@link Targets} saw last, and the moment of that. */
    long counted;

    long countedAt;

    /** Whether values are being added to it, step by step. */
    boolean refilling;

    /** Whether the kernel has refused something of it, which is said once. */
    boolean faulty;

    /** Whether the loop is changing it together with others: nobody else looks meanwhile. */
    private volatile boolean held;

    private volatile boolean shared;
    private volatile boolean readsInLine;
    private volatile boolean writesInLine;
    private volatile int waiters;

    /** How much leases have taken of it. */
    private volatile long leased;

    private NamedEventfd(
            Identity identity, EventFd eventFd, boolean shared, Former former, boolean beganAnew) {
        this.identity = identity;
        this.beganAnew = beganAnew;
        this.former = former;
        this.eventFd = eventFd;
        this.shared = shared;
    }

    /** A new one. */
    static NamedEventfd create(Identity identity) throws ErrnoException {
        var spec = identity.spec();
        var eventFd = EventFd.create(spec.initial(), spec.semaphore(), true);
        return new NamedEventfd(identity, eventFd, false, Former.NONE, false);
    }

    /**
     * One that another process owned.
     *
     * @param former the kernel objects that it was before
     */
    static NamedEventfd adopt(Identity identity, EventFd eventFd, boolean shared, Former former)
            throws ErrnoException {
        if (!shared) {
            eventFd.fd().setNonblocking(true);
        }
        return new NamedEventfd(identity, eventFd, shared, former, false);
    }

    /** A new one in place of one that has gone with its process. */
    static NamedEventfd beginAnew(Vacancy vacancy) throws ErrnoException {
        var identity = vacancy.identity();
        var eventFd = EventFd.create(0, identity.spec().semaphore(), true);
        if (vacancy.count() != 0) {
            eventFd.write(vacancy.count() == Count.OVERFLOW ? Count.MAX : vacancy.count());
        }
        return new NamedEventfd(identity, eventFd, false, vacancy.former(), true);
    }

    /** Whether {@code object} was this one before, so that its holder may be told of this. */
    boolean was(EventFd object) throws ErrnoException {
        return former.contains(object.id());
    }

    /**
     * Whether nobody knows what it was before: the process that had it may have been killed in the
     * moment in which it handed it out.
     */
    boolean mayHaveBeenAnything() {
        return beganAnew && former.isEmpty();
    }

    Former former() {
        return former;
    }

    /** Its {@linkplain Former advance} on what {@code object} has is {@code now}. */
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
     * The kernel's object; off the loop only between {@code fd().acquire()} and {@code
     * fd().release()}.
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
     * whatever other holders have made of it, and from now on every read and write goes through the
     * loop.
     *
     * @return false if it has left before
     */
    boolean share() throws ErrnoException {
        boolean first = !shared;
        if (first) {
            shared = true;
            // A direct call that asked just before is over within a microsecond, unless its thread
            // is preempted in it.
            eventFd.fd().awaitUnused();
        }
        eventFd.fd().setNonblocking(spec().nonblocking());
        return first;
    }

    // The lines, on the loop's thread

    /** {@code waiter} stands in line from now on, or is known to need this one as well. */
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

    /** {@code waiter} does not wait for this one any more. */
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

    /** All who wait for it, in any line or elsewhere. */
    List<Waiter> allWaiters() {
        var all = new ArrayList<Waiter>(consumers);
        all.addAll(observers);
        all.addAll(writers);
        all.addAll(watchers);
        all.addAll(elsewhere);
        return all;
    }

    /** Whether a reader needs it that stands in the line of another eventfd. */
    boolean isReadElsewhere() {
        return readersElsewhere > 0;
    }

    /** Whether its lines are being served, so that nobody can say yet who gets nothing. */
    boolean isBeingServed() {
        return place != null || showing != null || heldUp > 0 || refilling;
    }

    /** The lines have changed: tells the short-cut of it. */
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
     * {@code waiter} begins to wait, or has waited; 1 or -1. A call that is served as it comes is
     * never counted, and a stream of counts is none that waits.
     */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void waits(Waiter waiter, int change) {
        if (!(waiter instanceof Waiter.Watcher)) {
            waiters += change;
        }
    }

    /** Leases have taken {@code more} of it, or less if that is negative. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void lent(long more) {
        leased += more;
    }

    /**
     * From now on nobody but the loop reads, writes or looks at it, until {@link #letGo}: so it can
     * change together with others at one moment. Raw holders go on.
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
     * As it is now; for all threads. Null if it is deleted already, and off the loop also if the
     * loop is changing it at this moment.
     */
    @Nullable EventfdState state() throws ErrnoException {
        if (!eventFd.fd().acquire()) {
            return null;
        }
        try {
            return held
                    ? null
                    : new EventfdState(
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

    /** What its holders have; as long as there are none, the flag is set for the short-cut. */
    private boolean isNonblocking() throws ErrnoException {
        return shared ? eventFd.fd().isNonblocking() : spec().nonblocking();
    }

    @Override
    public String toString() {
        return "eventfd " + name();
    }
}
