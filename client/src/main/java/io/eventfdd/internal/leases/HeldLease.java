package io.eventfdd.internal.leases;

import io.eventfdd.client.EventfdLease;
import io.eventfdd.client.EventfddException;
import io.eventfdd.client.LeaseLapsedException;
import io.eventfdd.internal.wire.LeaseShare;
import io.eventfdd.internal.wire.LeaseState;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

/** A lease until its end, of which there is one. Safe for all threads. */
final class HeldLease implements EventfdLease {
    private enum State {
        HELD,
        /** The daemon is asked to end it. */
        ENDING,
        RELEASED,
        COMMITTED,
        LAPSED
    }

    private final HeldLeases leases;
    private final LeaseState granted;
    private final Optional<Renewal> renewal;
    private final Optional<Tether> tether;
    private final AtomicReference<State> state = new AtomicReference<>(State.HELD);
    private final CompletableFuture<Void> lapsed = new CompletableFuture<>();

    /** Why it has lapsed; empty before. */
    private volatile String reason = "";

    /**
     * A lease that the daemon has granted.
     *
     * @param term how long it is held from each renewal; empty if it is not held for a time
     * @param tether what tells that the daemon may not know it any more, if it is not
     */
    HeldLease(
            HeldLeases leases,
            LeaseState granted,
            Optional<Duration> term,
            Optional<Tether> tether) {
        this.leases = leases;
        this.granted = granted;
        this.renewal = term.map(time -> new Renewal(leases, this, time));
        this.tether = tether;
    }

    Optional<Renewal> renewal() {
        return renewal;
    }

    Optional<Tether> tether() {
        return tether;
    }

    @Override
    public String id() {
        return granted.id();
    }

    @Override
    public int permits() {
        return (int) granted.take().stream().mapToLong(LeaseShare::value).sum();
    }

    @Override
    public Map<String, Integer> permitsByName() {
        return granted.take().stream()
                .collect(
                        Collectors.toUnmodifiableMap(
                                share -> share.name().value(), share -> (int) share.value()));
    }

    @Override
    public boolean isHeld() {
        return state.get() == State.HELD && renewal.filter(Renewal::isOver).isEmpty();
    }

    /**
     * Whether this lease still has to be renewed and resumed. That is so during its end, which may
     * fail.
     */
    boolean isToBeKept() {
        var now = state.get();
        return now == State.HELD || now == State.ENDING;
    }

    @Override
    public CompletableFuture<Void> lapsed() {
        return lapsed.copy();
    }

    // The end

    /** Marks this lease as lapsed, unless its owner has ended it, or is about to. */
    void lapse(String why) {
        if (state.compareAndSet(State.HELD, State.LAPSED)) {
            tellLapse(why);
        }
    }

    private void tellLapse(String why) {
        reason = why;
        leave();
        leases.executor().execute(() -> lapsed.complete(null));
    }

    private void leave() {
        renewal.ifPresent(Renewal::stop);
        tether.ifPresent(Tether::close);
        leases.left(this);
    }

    @Override
    public void commit() {
        if (!beginEnd()) {
            throw state.get() == State.LAPSED
                    ? lapsedException()
                    : new IllegalStateException(this + " was closed or committed before");
        }
        boolean committed;
        try {
            committed = leases.transport().commit(id());
        } catch (RuntimeException e) {
            notEnded();
            abandonAfterClose();
            throw e;
        }
        if (!committed) {
            state.set(State.LAPSED);
            tellLapse(HeldLeases.UNKNOWN);
            throw lapsedException();
        }
        state.set(State.COMMITTED);
        leave();
    }

    private LeaseLapsedException lapsedException() {
        return new LeaseLapsedException(this + " has lapsed: " + reason, null, null);
    }

    @Override
    public void close() {
        try {
            release(leases.outage());
        } catch (RuntimeException e) {
            abandonAfterClose();
            throw e;
        }
    }

    /** The client's close left this to its owner, whose call has failed by now. */
    private void abandonAfterClose() {
        if (leases.isClosed()) {
            abandon();
        }
    }

    /**
     * Releases it, if it has not ended.
     *
     * @param outage how long the daemon may be away
     */
    void release(Duration outage) {
        if (!beginEnd()) {
            return;
        }
        renewal.ifPresent(Renewal::stop);
        try {
            leases.transport().release(id(), outage);
        } catch (RuntimeException e) {
            notEnded();
            renewal.ifPresent(Renewal::tellAtTheEnd);
            throw e;
        }
        state.set(State.RELEASED);
        leave();
    }

    /**
     * Begins the end of this lease by its owner. Returns false if it has ended, or if another
     * thread ends it.
     */
    private boolean beginEnd() {
        tellIfOver();
        return state.compareAndSet(State.HELD, State.ENDING);
    }

    /** The daemon has not ended it, as far as is known. */
    private void notEnded() {
        state.set(State.HELD);
        tellIfOver();
    }

    private void tellIfOver() {
        renewal.filter(Renewal::isOver).ifPresent(Renewal::tell);
    }

    /** The client is closed, and the daemon could not be asked to end it. */
    void abandon() {
        lapse("the client was closed");
    }

    /** Releases what nobody wants, as soon as a daemon is there. */
    void discard() {
        leases.untilDone(() -> {
            try {
                release(leases.outage());
                return true;
            } catch (EventfddException e) {
                return !isHeld();
            }
        });
    }

    @Override
    public String toString() {
        return "lease "
                + permitsByName()
                + " ("
                + state.get().name().toLowerCase(Locale.ROOT)
                + ")";
    }
}
