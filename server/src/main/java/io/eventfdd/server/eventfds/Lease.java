package io.eventfdd.server.eventfds;

import static java.util.stream.Collectors.toUnmodifiableSet;

import io.eventfdd.client.EventfdName;
import io.eventfdd.internal.wire.LeaseState;
import io.eventfdd.server.loop.Deadlines;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A lease: what it took, what it gives if it lapses, and what it is bound to. {@link Leases} has
 * all of them. It belongs to the loop's thread; others read its {@link #state}.
 */
public final class Lease extends Deadlines.Timed {
    /** What a lease is bound to at this moment. */
    sealed interface Holder {
        /** A process. */
        record OfProcess(HolderProcess process) implements Holder {}

        /** A connection. */
        record OfConnection(Caller connection) implements Holder {}

        /** A time from the last renewal. */
        record For(Duration term) implements Holder {}

        /**
         * A connection that has ended and that another one may replace: until a deadline if {@code
         * timed}, otherwise as long as the idempotency key lives that keeps the answer.
         */
        record Absent(boolean timed) implements Holder {}
    }

    private final Leases leases;
    private final List<Part> take;
    private final List<Part> give;
    private volatile LeaseState state;

    Holder holder;
    private long deadline;

    /**
     * The connection that gets the answer with the lease, until it is known that the client took
     * it.
     */
    @Nullable Caller asker;

    /** Whether an idempotency key keeps the answer if the client does not take it. */
    boolean keyed;

    /** Whether the answer was handed to the kernel as a whole. */
    private volatile boolean sent;

    /**
     * Whether the holder has ended but the lease cannot end yet, because something has to be known
     * first.
     */
    boolean holderEnded;

    boolean over;

    Lease(Leases leases, LeaseState state, List<Part> take, List<Part> give, Holder holder) {
        this.leases = leases;
        this.state = state;
        this.take = take;
        this.give = give;
        this.holder = holder;
    }

    /** The current state, for all threads to read. */
    public LeaseState state() {
        return state;
    }

    void state(LeaseState now) {
        state = now;
    }

    String id() {
        return state.id();
    }

    /** The user whose lease it is. */
    int uid() {
        return state.holder().uid();
    }

    /** The permits that this lease took. */
    List<Part> take() {
        return take;
    }

    /** The values that the daemon writes if this lease lapses. */
    List<Part> give() {
        return give;
    }

    /**
     * Notes that the whole answer with the lease is on its way to the client. Any thread may call
     * this.
     */
    public void sent() {
        sent = true;
    }

    boolean isSent() {
        return sent;
    }

    /** Whether all eventfds of the lease are known, so that it can end. */
    boolean isSettled() {
        return take.stream().allMatch(Part::isSettled) && give.stream().allMatch(Part::isSettled);
    }

    /** The names whose eventfds are gone; other eventfds may have these names by now. */
    Set<EventfdName> gone() {
        return Stream.concat(take.stream(), give.stream())
                .filter(Part::isGone)
                .map(Part::name)
                .collect(toUnmodifiableSet());
    }

    /** Sets the time from which on the lease may expire. */
    void deadline(long nanoTime) {
        deadline = nanoTime;
    }

    @Override
    public long deadline() {
        return deadline;
    }

    @Override
    public void expire() throws IOException {
        leases.holderEnded(this);
    }
}
