package io.eventfdd.server.eventfds;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.LeaseHolder;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.internal.wire.LeaseShare;
import io.eventfdd.internal.wire.LeaseState;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.Shown;
import io.eventfdd.server.eventfds.Leases.End;
import io.eventfdd.server.eventfds.Waiter.Taker;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.loop.LoopCalls;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * The operations on leases. Each exists twice: one form blocks the caller's own thread, and one is
 * for the loop's thread and returns at once.
 */
public final class LeaseCalls {
    private static final int ROOT = 0;

    private final Eventfds eventfds;
    private final EventLoop loop;
    private final LoopCalls calls;
    private final Waits waits;
    private final Leases leases;
    private final Inventory inventory;
    private final Rights rights;
    private final Succession succession;
    private final Clock clock;
    private final LeaseIds ids = new LeaseIds();

    LeaseCalls(
            Eventfds eventfds,
            EventLoop loop,
            Waits waits,
            Inventory inventory,
            Rights rights,
            Succession succession,
            Clock clock) {
        this.clock = clock;
        this.eventfds = eventfds;
        this.loop = loop;
        this.calls = new LoopCalls(loop);
        this.waits = waits;
        this.leases = waits.leases();
        this.inventory = inventory;
        this.rights = rights;
        this.succession = succession;
    }

    // Taking

    /**
     * Takes a lease, and waits at most as long as {@code request} says. The result is empty if its
     * permits were not available in time. The caller must report with {@link #settle} whether the
     * client took the answer.
     *
     * @param keyed whether the answer is kept for an idempotency key
     * @throws ProblemException {@code not-found}, {@code forbidden}, {@code invalid-value}, {@code
     *     limit}, {@code unsupported}, {@code gone}
     */
    public Optional<Lease> take(LeaseRequest request, boolean keyed, Caller caller) {
        names(request).forEach(succession::settled);
        var taker = taker(request, keyed, caller);
        if (eventfds.wait(taker).isEmpty()) {
            return Optional.empty();
        }
        inventory.written().join();
        return Optional.of(taker.lease());
    }

    /** A request for a lease on the loop's thread. */
    public static final class Asked {
        private final Taker taker;

        private Asked(Taker taker) {
            this.taker = taker;
        }

        /**
         * Completed when {@link #result} has an answer. Actions that depend on it must be short.
         */
        public CompletableFuture<?> settled() {
            return taker.outcome();
        }

        /**
         * The lease, or empty if it was not available in time.
         *
         * @throws ProblemException why there is none
         */
        public Optional<Lease> result() {
            return Eventfds.outcome(taker).map(served -> taker.lease());
        }
    }

    /**
     * Asks for a lease on the loop's thread, once none of its names is {@linkplain #awaited open}.
     */
    public Asked ask(LeaseRequest request, Caller caller) throws IOException {
        assert loop.inLoop();
        var taker = taker(request, false, caller);
        waits.arrive(taker);
        return new Asked(taker);
    }

    private Taker taker(LeaseRequest request, boolean keyed, Caller caller) {
        var take = parts(request.take(), Right.READ_WRITE, caller);
        for (var part : take) {
            if (!part.target().spec().semaphore()) {
                throw new ProblemException(
                        ProblemType.INVALID_VALUE,
                        "take: " + part.name() + " is a counter; leases take from semaphores");
            }
        }
        return new Taker(
                ids.next(),
                request,
                take,
                parts(request.give(), Right.WRITE, caller),
                keyed,
                caller,
                eventfds.deadline(request.timeout()));
    }

    private List<Part> parts(List<LeaseShare> shares, Right right, Caller caller) {
        var parts = new ArrayList<Part>(shares.size());
        for (var share : shares) {
            var eventfd = inventory.get(share.name());
            if (eventfd == null) {
                throw Inventory.notFound(share.name());
            }
            rights.require(right, eventfd.identity(), caller);
            parts.add(Part.of(share, eventfd));
        }
        return List.copyOf(parts);
    }

    private static Stream<EventfdName> names(LeaseRequest request) {
        return Stream.concat(request.take().stream(), request.give().stream())
                .map(LeaseShare::name);
    }

    private static Stream<EventfdName> names(Lease lease) {
        var state = lease.state();
        return Stream.concat(state.take().stream(), state.give().stream()).map(LeaseShare::name);
    }

    /**
     * If a name of {@code request} waits for its holder, a future that is completed when all names
     * are settled.
     */
    public Optional<CompletableFuture<Void>> awaited(LeaseRequest request) {
        return succession.awaited(() -> names(request));
    }

    /**
     * If a name of the lease waits for its holder, a future that is completed when all names are
     * settled. The lease cannot end before.
     */
    public Optional<CompletableFuture<Void>> awaited(String id) {
        var lease = leases.get(id);
        return lease == null ? Optional.empty() : succession.awaited(() -> names(lease));
    }

    // The answer

    /**
     * Reports whether the client of {@code caller} took the answer with {@code lease}. If it did
     * not, the lease is undone, unless a key keeps the answer. Any thread may call this.
     */
    public void settle(Lease lease, Caller caller, boolean taken) {
        loop.submit(() -> leases.settle(lease, caller, taken));
    }

    /**
     * Reports that the answer with {@code lease} is not kept for its key any more. Any thread may
     * call this.
     */
    public void keyOver(Lease lease) {
        loop.submit(() -> leases.keyOver(lease));
    }

    /** Reports that the connection of {@code caller} has ended. Called on the loop's thread. */
    public void ended(Caller caller) throws IOException {
        assert loop.inLoop();
        waits.ended(caller);
    }

    /** {@link #settle} on the loop's thread. */
    public void settleNow(Lease lease, Caller caller, boolean taken) throws IOException {
        assert loop.inLoop();
        leases.settle(lease, caller, taken);
    }

    // Looking

    /** Finds the lease with this ID, if {@code caller} may see it. */
    public LeaseState state(String id, Caller caller) {
        return visible(id, caller).state();
    }

    /**
     * A part of the list of leases, in the order of their IDs.
     *
     * @param more whether others come after them
     */
    public record Page(List<LeaseState> leases, boolean more) {}

    /**
     * Lists the leases that {@code caller} may see.
     *
     * @param name the name of an eventfd, to list only the leases that take from it or give to it
     * @param after the ID after which the list starts; empty to start with the first
     * @param limit the longest length of the list
     */
    public Page list(Optional<EventfdName> name, String after, int limit, Caller caller) {
        var found = new ArrayList<LeaseState>();
        for (var lease : leases.after(after)) {
            if (!maySee(lease, caller)
                    || name.filter(one -> names(lease).noneMatch(one::equals)).isPresent()) {
                continue;
            }
            if (found.size() == limit) {
                return new Page(found, true);
            }
            found.add(lease.state());
        }
        return new Page(found, false);
    }

    /** The number of leases of each kind of holder. */
    public Map<LeaseState.Kind, Integer> sizes() {
        var sizes = new EnumMap<LeaseState.Kind, Integer>(LeaseState.Kind.class);
        for (var kind : LeaseState.Kind.values()) {
            sizes.put(kind, 0);
        }
        leases.after("")
                .forEach(lease -> sizes.merge(lease.state().holder().kind(), 1, Integer::sum));
        return sizes;
    }

    /** The age of the oldest lease; zero if there is none. */
    public Duration oldest() {
        return leases.after("").stream()
                .map(lease -> lease.state().since())
                .min(Comparator.naturalOrder())
                .map(since -> Duration.between(since, clock.instant()))
                .filter(Duration::isPositive)
                .orElse(Duration.ZERO);
    }

    /** The number of leases that lapsed. */
    public long lapses() {
        return leases.lapses();
    }

    /** The number of permits that came back from leases. */
    public long returned() {
        return leases.returned();
    }

    private Lease visible(String id, Caller caller) {
        var lease = leases.get(id);
        if (lease == null || !maySee(lease, caller)) {
            throw notFound(id);
        }
        return lease;
    }

    private static ProblemException notFound(String id) {
        return new ProblemException(ProblemType.NOT_FOUND, "there is no lease " + Shown.quoted(id));
    }

    private static boolean mayEnd(Lease lease, Caller caller) {
        int user = caller.peer().uid();
        return user == ROOT || user == lease.uid();
    }

    private boolean maySee(Lease lease, Caller caller) {
        return mayEnd(lease, caller)
                || Stream.concat(lease.take().stream(), lease.give().stream())
                        .allMatch(part -> mayRead(part.identity(), caller));
    }

    private boolean mayRead(@Nullable Identity eventfd, Caller caller) {
        return eventfd != null && rights.holds(Right.READ, eventfd, caller);
    }

    // Ending and renewing

    /** Releases a lease: its permits go back. */
    public void release(String id, Caller caller) {
        end(id, End.RELEASED, caller);
    }

    /** Commits a lease: its permits stay taken. */
    public void commit(String id, Caller caller) {
        end(id, End.COMMITTED, caller);
    }

    private void end(String id, End end, Caller caller) {
        names(visible(id, caller)).forEach(succession::settled);
        calls.get(() -> endNow(id, end, caller));
        inventory.written().join();
    }

    /** {@link #release} on the loop's thread, once the lease is not {@linkplain #awaited open}. */
    public CompletableFuture<Void> releaseNow(String id, Caller caller) throws IOException {
        endNow(id, End.RELEASED, caller);
        return inventory.written();
    }

    /** {@link #commit} on the loop's thread, once the lease is not {@linkplain #awaited open}. */
    public CompletableFuture<Void> commitNow(String id, Caller caller) throws IOException {
        endNow(id, End.COMMITTED, caller);
        return inventory.written();
    }

    private Lease endNow(String id, End end, Caller caller) throws IOException {
        var lease = owned(id, caller);
        leases.end(lease, end);
        return lease;
    }

    private Lease owned(String id, Caller caller) {
        assert loop.inLoop();
        var lease = visible(id, caller);
        if (!mayEnd(lease, caller)) {
            throw rights.forbidden(caller, "use the lease " + id + ", which is another user's");
        }
        return lease;
    }

    /**
     * Renews a lease: starts its time again, moves it to {@code holder}, or resumes it on the
     * connection of {@code caller}.
     *
     * @throws ProblemException {@code exists} if another connection holds it
     */
    public LeaseState renew(String id, Optional<LeaseHolder> holder, Caller caller) {
        var state = calls.get(() -> renewed(id, holder, caller));
        inventory.written().join();
        return state;
    }

    private LeaseState renewed(String id, Optional<LeaseHolder> holder, Caller caller)
            throws IOException {
        var lease = owned(id, caller);
        leases.renew(lease, holder.orElse(null), caller);
        return lease.state();
    }

    /** {@link #renew} on the loop's thread. */
    public CompletableFuture<Void> renewNow(String id, Optional<LeaseHolder> holder, Caller caller)
            throws IOException {
        renewed(id, holder, caller);
        return inventory.written();
    }

    /**
     * Resumes a lease on the connection of {@code caller}, on the loop's thread.
     *
     * @throws ProblemException {@code exists} if another connection holds it, {@code invalid-value}
     *     if it is not held by a connection at all
     */
    public CompletableFuture<Void> resumeNow(String id, Caller caller) throws IOException {
        var lease = owned(id, caller);
        if (lease.state().holder().kind() != LeaseState.Kind.CONNECTION) {
            throw new ProblemException(
                    ProblemType.INVALID_VALUE,
                    "id: the lease " + id + " is not held by a connection");
        }
        leases.renew(lease, new LeaseHolder.OfConnection(), caller);
        return inventory.written();
    }

    /**
     * Keeps all leases from lapsing from now on: connections end because this process closes them,
     * and the next process goes on with the leases.
     */
    public void freeze() {
        calls.run(leases::freeze);
    }

    /** Completed when another process would know all changes so far. */
    public CompletableFuture<Void> written() {
        return inventory.written();
    }
}
