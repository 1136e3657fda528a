package io.eventfdd.server.eventfds;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.ReadBuffer;
import io.eventfdd.internal.linux.UnixPeer;
import io.eventfdd.internal.wire.LeaseHolder;
import io.eventfdd.internal.wire.LeaseState;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.server.eventfds.Lease.Holder;
import io.eventfdd.server.eventfds.Waiter.Taker;
import io.eventfdd.server.loop.EventLoop;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The set of all leases. A lease begins here when its permits can be taken, and ends here, exactly
 * once. All threads may look leases up; only the loop's thread changes the set.
 *
 * <p>A lease is bound to its holder from the moment at which it takes its permits, but it is final
 * only when its client has taken the answer. Until that is known, the end of a holder is noted and
 * handled later.
 */
final class Leases {
    /** The ways in which a lease ends. */
    enum End {
        /** What it took goes back. */
        RELEASED,
        /** Committed: its permits stay taken. */
        COMMITTED,
        /** Lapsed: its permits go back, and the values that it gives are written. */
        LAPSED,
        /** Undone, because the client did not take the answer: its permits go back. */
        WITHDRAWN
    }

    /** Is told that permits came back to eventfds. */
    @FunctionalInterface
    interface Returns {
        void cameBack(Collection<NamedEventfd> eventfds) throws IOException;
    }

    private static final Duration LOOK_AGAIN = Duration.ofMillis(10);

    private final EventLoop loop;
    private final Room room;
    private final Targets targets;
    private final Returns returns;
    private final Clock clock;
    private final Ledger ledger;
    private final Quota quota;
    private final HolderProcesses processes;
    private final ReadBuffer buffer = new ReadBuffer();
    private final ConcurrentNavigableMap<String, Lease> byId = new ConcurrentSkipListMap<>();

    private final OpenParts open = new OpenParts();

    /**
     * Whether this process ends. Then the end of a holder does not matter, because the next process
     * goes on with the leases.
     */
    private boolean frozen;

    private volatile long lapses;
    private volatile long returned;

    Leases(
            EventLoop loop,
            Room room,
            Targets targets,
            Returns returns,
            Limits limits,
            Clock clock,
            Ledger ledger) {
        this.loop = loop;
        this.room = room;
        this.targets = targets;
        this.returns = returns;
        this.clock = clock;
        this.ledger = ledger;
        this.quota = new Quota("max-leases", limits.leases());
        this.processes = new HolderProcesses(loop, limits.leaseHolders(), this::holderEnded);
    }

    // For all threads

    /** The lease with this ID, if there is one. */
    @Nullable Lease get(String id) {
        return byId.get(id);
    }

    /** The leases after {@code id}, in the order of their IDs. */
    Collection<Lease> after(String id) {
        return byId.tailMap(id, false).values();
    }

    /** The number of leases that lapsed. */
    long lapses() {
        return lapses;
    }

    /** The number of permits that came back from leases. */
    long returned() {
        return returned;
    }

    // The beginning

    /** Changes the limits. Leases above the new limits stay. */
    void limit(Limits limits) {
        quota.limit(limits.leases());
        processes.limit(limits.leaseHolders());
    }

    /**
     * Checks that {@code taker} may have another lease.
     *
     * @throws ProblemException {@code limit}
     */
    void check(Taker taker) {
        quota.check(taker.caller().peer().uid(), 1);
    }

    /**
     * Takes the permits that {@code taker} wants from all of its targets, at one moment as seen by
     * the daemon's clients, or from none.
     *
     * @return null if the taker has its lease, or else a target at which a raw holder was faster
     * @throws ProblemException if the taker may not have a lease
     */
    @Nullable NamedEventfd grant(Taker taker) throws IOException {
        assert loop.inLoop();
        check(taker);
        var holder = holder(taker.request().holder(), taker.caller());
        NamedEventfd missing;
        try {
            missing = takeAll(taker);
        } catch (IOException e) {
            unused(holder);
            throw e;
        }
        if (missing != null) {
            unused(holder);
            return missing;
        }
        enter(taker, holder);
        return null;
    }

    private void enter(Taker taker, Holder holder) {
        var caller = taker.caller();
        var request = taker.request();
        var now = clock.instant();
        var state =
                new LeaseState(
                        taker.id(),
                        request.take(),
                        request.give(),
                        holderOf(holder, caller.peer().uid(), caller.peer().pid()),
                        now,
                        expiry(holder));
        var lease = new Lease(this, state, taker.take(), taker.give(), holder);
        lease.keyed = taker.isKeyed() && holder instanceof Holder.OfConnection;
        lease.asker = taker.isKeyed() && !lease.keyed ? null : caller;
        caller.granted(lease);
        byId.put(lease.id(), lease);
        quota.add(lease.uid(), 1);
        bind(lease, holder);
        taker.lease(lease);
        ledger.leased(kept(lease));
    }

    /**
     * Reads the permits. If a raw holder was faster at one of the targets, the permits that were
     * read go back.
     */
    private @Nullable NamedEventfd takeAll(Taker taker) throws IOException {
        var all = taker.targets();
        all.forEach(NamedEventfd::hold);
        int i = 0;
        long taken = 0;
        try {
            targets.changed();
            for (; i < all.size(); i++) {
                var target = all.get(i);
                for (taken = 0; taken < taker.amount(i); taken++) {
                    if (target.eventFd().readNow(buffer) == 0) {
                        undo(taker, i, taken);
                        return target;
                    }
                }
            }
            for (i = 0; i < all.size(); i++) {
                all.get(i).lent(taker.amount(i));
            }
            return null;
        } catch (ErrnoException e) {
            undo(taker, i, taken);
            throw e;
        } finally {
            all.forEach(NamedEventfd::letGo);
        }
    }

    private void undo(Taker taker, int index, long taken) throws IOException {
        for (int i = 0; i < index; i++) {
            room.addSoon(taker.targets().get(i), taker.amount(i));
        }
        if (taken != 0) {
            room.addSoon(taker.targets().get(index), taken);
        }
    }

    // Holders

    private Holder holder(LeaseHolder wanted, Caller caller) throws IOException {
        return switch (wanted) {
            case LeaseHolder.OfProcess process -> new Holder.OfProcess(processes.of(caller));
            case LeaseHolder.OfConnection connection -> new Holder.OfConnection(caller);
            case LeaseHolder.For(var term) -> new Holder.For(term);
        };
    }

    private static void unused(Holder holder) throws IOException {
        if (holder instanceof Holder.OfProcess(var process)) {
            process.closeIfUnused();
        }
    }

    private static LeaseState.Holder holderOf(Holder holder, int uid, int pid) {
        return switch (holder) {
            case Holder.OfProcess(var process) ->
                    new LeaseState.Holder(LeaseState.Kind.PROCESS, process.pid(), uid);
            case Holder.OfConnection of ->
                    new LeaseState.Holder(LeaseState.Kind.CONNECTION, pid, uid);
            case Holder.Absent absent ->
                    new LeaseState.Holder(LeaseState.Kind.CONNECTION, pid, uid);
            case Holder.For time -> new LeaseState.Holder(LeaseState.Kind.DURATION, pid, uid);
        };
    }

    private Optional<Instant> expiry(Holder holder) {
        return holder instanceof Holder.For(var term)
                ? Optional.of(clock.instant().plus(term))
                : Optional.empty();
    }

    /** Binds {@code lease} to {@code holder}. */
    private void bind(Lease lease, Holder holder) {
        lease.holder = holder;
        lease.holderEnded = false;
        switch (holder) {
            case Holder.OfProcess(var process) -> {
                process.add(lease);
                if (process.hasEnded()) {
                    // Not at once, because its request is still being answered.
                    loop.begin(() -> {
                        processes.ended(lease, process);
                        return false;
                    });
                }
            }
            case Holder.OfConnection(var connection) -> connection.hold(lease);
            case Holder.For(var term) -> expireAt(lease, loop.now() + term.toNanos());
            case Holder.Absent absent -> {}
        }
    }

    private void expireAt(Lease lease, long deadline) {
        lease.deadline(deadline);
        loop.deadlines().add(lease);
    }

    private void unbind(Lease lease) throws IOException {
        switch (lease.holder) {
            case Holder.OfProcess(var process) -> process.remove(lease);
            case Holder.OfConnection(var connection) -> connection.letGo(lease);
            case Holder.For time -> loop.deadlines().remove(lease);
            case Holder.Absent absent -> loop.deadlines().remove(lease);
        }
    }

    /** Ends a lease whose holder has ended, as soon as it may end. */
    void holderEnded(Lease lease) throws IOException {
        if (frozen || lease.over) {
            return;
        }
        lease.holderEnded = true;
        if (lease.asker != null) {
            look(lease);
        } else if (lease.isSettled()) {
            end(lease, End.LAPSED);
        }
    }

    /**
     * Ends the leases of {@code caller}, whose connection has ended, one lease in each step. Its
     * last answer is settled.
     */
    void connectionEnded(Caller caller) throws IOException {
        var last = caller.granted();
        if (last != null) {
            settle(last, caller, false); // the answer was not even sent
        }
        caller.granted(null);
        processes.connectionEnded(caller);
        if (!frozen) {
            loop.each(caller.leases(), lease -> connectionEnded(lease, caller));
        }
    }

    private void connectionEnded(Lease lease, Caller caller) throws IOException {
        if (!(lease.holder instanceof Holder.OfConnection(var holder)) || holder != caller) {
            return;
        }
        if (lease.keyed && lease.asker != null) {
            unbind(lease);
            lease.asker = null;
            bind(lease, new Holder.Absent(false));
        } else {
            holderEnded(lease);
        }
    }

    // The answer

    /**
     * Settles whether the client of {@code caller} took the answer with {@code lease}. If it did
     * not, the lease is undone. Nothing is settled if the answer was repeated for its key: as long
     * as it is not known whether the connection that asked has it, the lease outlives that
     * connection, and the one with the repeated answer may resume it.
     */
    void settle(Lease lease, Caller caller, boolean taken) throws IOException {
        if (lease.asker != caller || lease.over) {
            return;
        }
        if (!taken) {
            if (!lease.keyed) {
                end(lease, End.WITHDRAWN);
            }
            return;
        }
        lease.asker = null;
        lease.keyed = false;
        if (lease.holderEnded) {
            holderEnded(lease);
        }
    }

    /** Notes that no retry can get the answer with {@code lease} any more. */
    void keyOver(Lease lease) throws IOException {
        lease.keyed = false;
        lease.asker = null;
        if (lease.holder instanceof Holder.Absent(var timed) && !timed) {
            holderEnded(lease);
        }
    }

    /**
     * Called when the holder has ended before it is known whether the client took the answer. If
     * the client is still connected, its socket tells; if not, its connection is about to end.
     */
    private void look(Lease lease) throws IOException {
        var asker = lease.asker;
        if (lease.over || asker == null || frozen) {
            return;
        }
        if (lease.isSent() && UnixPeer.hasTakenAll(asker.socket())) {
            settle(lease, asker, true);
        } else {
            loop.after(LOOK_AGAIN, () -> look(lease));
        }
    }

    // What others do with them

    /**
     * Moves {@code lease} to {@code wanted}, or starts its time again.
     *
     * @throws ProblemException {@code exists} if another connection holds it
     */
    void renew(Lease lease, @Nullable LeaseHolder wanted, Caller caller) throws IOException {
        var now = lease.holder;
        int pid = caller.peer().pid();
        if (wanted == null) {
            switch (now) {
                case Holder.For time -> move(lease, time, lease.state().holder().pid());
                case Holder.Absent absent -> move(lease, new Holder.OfConnection(caller), pid);
                case Holder.OfProcess process -> {}
                case Holder.OfConnection connection -> {}
            }
            return;
        }
        if (wanted instanceof LeaseHolder.OfConnection
                && now instanceof Holder.OfConnection(var connection)) {
            if (connection == caller) {
                return;
            }
            throw new ProblemException(
                    ProblemType.EXISTS,
                    "the lease " + lease.id() + " is held by another connection");
        }
        move(lease, holder(wanted, caller), pid);
    }

    private void move(Lease lease, Holder to, int pid) throws IOException {
        // The order matters: if the process stays the same, it is not let go in between.
        var from = lease.holder;
        boolean isSameProcess =
                from instanceof Holder.OfProcess(var before)
                        && to instanceof Holder.OfProcess(var after)
                        && before == after;
        if (!isSameProcess) {
            unbind(lease);
            bind(lease, to);
        }
        lease.asker = null;
        lease.keyed = false;
        lease.state(lease.state().heldBy(holderOf(to, lease.uid(), pid), expiry(to)));
        ledger.moved(kept(lease));
        // The answer is settled by this.
        endWhoseHolderEnded(List.of(lease));
    }

    // The end

    /** Ends {@code lease}, which happens exactly once. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void end(Lease lease, End end) throws IOException {
        if (lease.over) {
            return;
        }
        lease.over = true;
        unbind(lease);
        ledger.leaseEnded(lease.id());
        var touched = new ArrayList<NamedEventfd>(lease.take().size() + lease.give().size());
        for (var part : lease.take()) {
            var eventfd = part.eventfd();
            if (eventfd != null) {
                takeBack(eventfd, part.value(), end);
                touched.add(eventfd);
            }
        }
        if (end == End.LAPSED) {
            lapses++;
            for (var part : lease.give()) {
                var eventfd = part.eventfd();
                if (eventfd != null) {
                    room.addSoon(eventfd, part.value());
                    touched.add(eventfd);
                }
            }
        }
        // Whoever does not find the lease any more finds the permits.
        byId.remove(lease.id());
        quota.add(lease.uid(), -1);
        if (end != End.COMMITTED) {
            returns.cameBack(touched);
        }
    }

    /** Changes the count and the number of leased permits at one moment. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    private void takeBack(NamedEventfd eventfd, long value, End end) throws IOException {
        eventfd.hold();
        try {
            eventfd.lent(-value);
            if (end != End.COMMITTED) {
                returned += value;
                room.addSoon(eventfd, value);
            }
        } finally {
            eventfd.letGo();
        }
    }

    // From process to process

    /**
     * Goes on with the leases of another process, before it is known which eventfds exist.
     *
     * @param grace how long leases that a connection held wait for another connection
     */
    void restore(Collection<KeptLease> kept, Duration grace) {
        for (var one : kept) {
            var state = one.state();
            var lease =
                    new Lease(
                            this,
                            state,
                            state.take().stream().map(Part::open).toList(),
                            state.give().stream().map(Part::open).toList(),
                            new Holder.Absent(true));
            open.add(lease, one.gone());
            byId.put(lease.id(), lease);
            quota.add(lease.uid(), 1);
            bindAgain(lease, one, grace);
        }
    }

    private void bindAgain(Lease lease, KeptLease kept, Duration grace) {
        int pid = lease.state().holder().pid();
        switch (lease.state().holder().kind()) {
            case PROCESS ->
                    bind(lease, new Holder.OfProcess(processes.ofBefore(pid, kept.process())));
            case CONNECTION -> expireAt(lease, loop.now() + grace.toNanos());
            case DURATION -> {
                lease.holder = new Holder.For(kept.term());
                long latest = loop.now() + kept.term().toNanos();
                expireAt(lease, kept.until() - latest < 0 ? kept.until() : latest);
            }
        }
    }

    /** Gives {@code eventfd} to the parts of leases that waited for its name. */
    void entered(NamedEventfd eventfd) {
        endWhoseHolderEnded(open.entered(eventfd));
    }

    /** Tells the parts of leases that wait for {@code name} that there will be no eventfd. */
    void lost(EventfdName name) {
        endWhoseHolderEnded(open.lost(name));
    }

    /**
     * Ends those of {@code leases} whose end had to wait for something that is known now: one in
     * each step, and none of them at once, because a request may still be being answered.
     */
    private void endWhoseHolderEnded(List<Lease> leases) {
        var left = leases.stream().filter(lease -> lease.holderEnded).iterator();
        if (left.hasNext()) {
            loop.begin(() -> {
                var lease = left.next();
                if (lease.holderEnded) { // It may have got another holder meanwhile.
                    holderEnded(lease);
                }
                return left.hasNext();
            });
        }
    }

    /** Ignores the end of holders from now on, because another process goes on with the leases. */
    void freeze() {
        frozen = true;
    }

    private static KeptLease kept(Lease lease) {
        var state = lease.state();
        var gone = lease.gone();
        return switch (lease.holder) {
            case Holder.OfProcess(var process) ->
                    new KeptLease(state, process.startTime(), Duration.ZERO, 0, gone);
            case Holder.For(var term) -> new KeptLease(state, 0, term, lease.deadline(), gone);
            case Holder.OfConnection connection -> new KeptLease(state, 0, Duration.ZERO, 0, gone);
            case Holder.Absent absent -> new KeptLease(state, 0, Duration.ZERO, 0, gone);
        };
    }
}
