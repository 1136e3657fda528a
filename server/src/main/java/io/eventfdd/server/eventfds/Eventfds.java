package io.eventfdd.server.eventfds;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.UnixPeer.Taken;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.ReadRequest;
import io.eventfdd.internal.wire.WaitRequest;
import io.eventfdd.internal.wire.WaitRequest.Mode;
import io.eventfdd.internal.wire.WriteManyRequest;
import io.eventfdd.server.eventfds.Waiter.Outcome;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.loop.LoopCalls;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;

/**
 * The named eventfds and the operations on them, for all threads but the loop's own. A call blocks
 * its thread until it is done (if it has to wait, the loop serves it) and throws {@link
 * ProblemException} for every failure that has a {@link io.eventfdd.client.ProblemType}.
 */
public final class Eventfds {
    private final EventLoop loop;
    private final LoopCalls calls;
    private final Waits waits;
    private final Inventory inventory;
    private final Rights rights = new Rights();
    private final Handouts handouts;
    private final Succession succession;
    private final LeaseCalls leases;
    private final Clock clock;
    private final LongAdder putBacks = new LongAdder();

    /**
     * Starts with no eventfds.
     *
     * @param groupId the group of all eventfds that are created
     * @param clock the clock that gives the time of creation
     * @param ledger is told of each eventfd that is created or deleted
     */
    public Eventfds(EventLoop loop, Limits limits, int groupId, Clock clock, Ledger ledger) {
        this.loop = loop;
        this.clock = clock;
        this.calls = new LoopCalls(loop);
        this.waits = new Waits(loop, limits, clock, ledger);
        this.inventory = new Inventory(waits, limits.eventfds(), groupId, clock, ledger);
        this.handouts = new Handouts(loop, inventory, rights);
        this.succession = new Succession(loop, calls, inventory, waits, rights);
        this.leases = new LeaseCalls(this, loop, waits, inventory, rights, succession, clock);
    }

    /** Changes the limits. Eventfds, waiters and leases above the new limits stay. */
    public void limit(Limits limits) {
        calls.run(() -> {
            inventory.limit(limits.eventfds());
            waits.lines().limit(limits);
            waits.leases().limit(limits);
        });
    }

    /** Hands out descriptors to clients that ask for them. */
    public Handouts handouts() {
        return handouts;
    }

    /** Takes the eventfds over from the previous process, and leaves them to the next one. */
    public Succession succession() {
        return succession;
    }

    /** The operations on leases. */
    public LeaseCalls leases() {
        return leases;
    }

    // The table

    /** Creates an eventfd, or finds the one that has the name. */
    public Creation create(EventfdName name, EventfdSpec spec, Caller caller) {
        while (true) {
            var found = Optional.ofNullable(succession.settled(name));
            if (found.isEmpty()) {
                var made = calls.get(() -> make(name, spec, caller));
                if (made.isPresent()) {
                    inventory.written().join();
                    return new Creation(Creation.Result.CREATED, made.get());
                }
                found = Optional.ofNullable(inventory.get(name));
            }
            found.ifPresent(it -> rights.require(Right.READ, it.identity(), caller));
            var state = found.flatMap(this::stateIfThere);
            if (state.isPresent()) {
                var result =
                        state.get().spec().sameAs(spec)
                                ? Creation.Result.FOUND
                                : Creation.Result.DIFFERENT;
                return new Creation(result, state.get());
            }
            // It was deleted meanwhile, so the name is free.
        }
    }

    /** Creates an eventfd, and returns its first state; empty if the name is taken. */
    private Optional<CurrentState> make(EventfdName name, EventfdSpec spec, Caller caller)
            throws ErrnoException {
        if (inventory.get(name) != null) {
            return Optional.empty();
        }
        inventory.check(caller, 1);
        var eventfd = inventory.make(name, spec, caller);
        inventory.enter(eventfd);
        return Optional.ofNullable(eventfd.state());
    }

    /** The current state of the eventfd. */
    public CurrentState state(EventfdName name, Caller caller) {
        return stateOf(find(name, Right.READ, caller));
    }

    /**
     * Lists calls that wait on an eventfd, in order of arrival.
     *
     * @param after the place that they come after; 0 for the first
     * @param limit how many at most
     */
    public WaitingCalls waiting(EventfdName name, long after, int limit, Caller caller) {
        var eventfd = find(name, Right.READ, caller);
        var waiters = calls.get(eventfd::waitingCalls);
        return WaitingCalls.of(eventfd, waiters, after, limit, loop.now(), clock.instant());
    }

    /**
     * Lists the eventfds that {@code caller} may read, in ASCII order of their names.
     *
     * @param prefix the prefix of the names
     * @param after the name after which the list starts, whether it exists or not; empty to start
     *     with the first
     * @param limit the longest length of the list
     */
    public Page list(String prefix, String after, int limit, Caller caller) {
        var found = new ArrayList<CurrentState>();
        var rest =
                after.compareTo(prefix) >= 0
                        ? inventory.from(after, false)
                        : inventory.from(prefix, true);
        for (var eventfd : rest) {
            if (!eventfd.name().value().startsWith(prefix)) {
                break;
            }
            if (!rights.holds(Right.READ, eventfd.identity(), caller)) {
                continue;
            }
            if (found.size() == limit) {
                return new Page(found, true);
            }
            stateIfThere(eventfd).ifPresent(found::add);
        }
        return new Page(found, false);
    }

    /**
     * Forgets the name, ends all calls that wait on it, and closes the daemon's descriptor. Raw
     * holders keep theirs.
     */
    public void delete(EventfdName name, Caller caller) {
        succession.settled(name);
        calls.get(() -> {
            var eventfd = inventory.get(name);
            if (eventfd == null) {
                throw Inventory.notFound(name);
            }
            rights.requireDelete(eventfd.identity(), caller);
            inventory.remove(eventfd);
            return eventfd;
        });
        // Once the caller is told that the name is free, it must stay so even after a kill.
        inventory.written().join();
    }

    // The calls

    /**
     * Adds {@code value}, and waits at most {@code timeout} for room.
     *
     * @param value 1 to 2^64-2, unsigned
     * @return whether it was added
     */
    public boolean write(EventfdName name, long value, Duration timeout, Caller caller) {
        var target = find(name, Right.WRITE, caller);
        if (addDirectly(target, value)) {
            return true;
        }
        var outcome =
                wait(new Waiter.Writer(List.of(target), List.of(value), caller, deadline(timeout)));
        return outcome.isPresent();
    }

    /**
     * Adds to several eventfds, all at one moment as seen by the daemon's clients, or to none. It
     * waits at most as long as {@code request} says for room in all of them.
     *
     * @return the names of the eventfds without room at the end; empty if everything was added
     */
    public List<EventfdName> write(WriteManyRequest request, Caller caller) {
        var targets = new ArrayList<NamedEventfd>(request.entries().size());
        var values = new ArrayList<Long>(request.entries().size());
        for (var entry : request.entries()) {
            targets.add(find(entry.name(), Right.WRITE, caller));
            values.add(entry.value());
        }
        var writer = new Waiter.Writer(targets, values, caller, deadline(request.timeout()));
        wait(writer);
        return writer.outcome().join() instanceof Outcome.NoRoom(var full)
                ? full.stream().map(NamedEventfd::name).toList()
                : List.of();
    }

    /**
     * Returns false if the kernel had no room, or if the write could overtake somebody who waits.
     */
    private static boolean addDirectly(NamedEventfd target, long value) {
        var eventFd = target.eventFd();
        if (!eventFd.fd().acquire()) {
            return false;
        }
        try {
            return target.writesDirectly() && eventFd.write(value);
        } catch (ErrnoException e) {
            throw new UncheckedIOException(e);
        } finally {
            eventFd.fd().release();
        }
    }

    /**
     * Takes the count, and waits at most as long as {@code request} says for it. From a semaphore
     * it takes at least 1 permit, and at most as many as the request says.
     *
     * @throws ProblemException {@code invalid-value} if it asks for several permits of a counter
     */
    public Optional<Reading> read(EventfdName name, ReadRequest request, Caller caller) {
        var target = find(name, Right.READ, caller);
        if (request.max() > 1 && !target.spec().semaphore()) {
            throw new ProblemException(
                    ProblemType.INVALID_VALUE,
                    "max: "
                            + request.max()
                            + " is for semaphores, and "
                            + name
                            + " is a counter: a read takes all of it");
        }
        var taken = takeDirectly(target, request.max());
        if (taken.isPresent()) {
            return taken;
        }
        return wait(new Waiter.Consumer(
                        List.of(target),
                        Mode.ANY,
                        request.max(),
                        caller,
                        deadline(request.timeout())))
                .map(List::getFirst);
    }

    /**
     * Returns empty if there is nothing to take, or if the read could overtake somebody who waits.
     */
    private static Optional<Reading> takeDirectly(NamedEventfd target, int most) {
        var eventFd = target.eventFd();
        if (!eventFd.fd().acquire()) {
            return Optional.empty();
        }
        try {
            long taken = 0;
            long value;
            do {
                value = target.readsDirectly() ? eventFd.read() : 0;
                taken += value;
            } while (value != 0 && taken < most && target.spec().semaphore());
            return taken == 0 ? Optional.empty() : Optional.of(new Reading(target, taken));
        } catch (ErrnoException e) {
            throw new UncheckedIOException(e);
        } finally {
            eventFd.fd().release();
        }
    }

    /** Waits at most {@code timeout} until the eventfd is readable, and takes nothing. */
    public Optional<Reading> await(EventfdName name, Duration timeout, Caller caller) {
        var target = find(name, Right.READ, caller);
        var now = stateOf(target);
        if (now.count() != 0) {
            return Optional.of(new Reading(target, now.count()));
        }
        return wait(new Waiter.Observer(List.of(target), Mode.ANY, caller, deadline(timeout)))
                .map(List::getFirst);
    }

    /** Waits on several eventfds. The result is empty if the time is up first. */
    public Optional<List<Reading>> await(WaitRequest request, Caller caller) {
        var targets =
                request.eventfds().stream().map(name -> find(name, Right.READ, caller)).toList();
        long deadline = deadline(request.timeout());
        return wait(
                request.consume()
                        ? new Waiter.Consumer(targets, request.mode(), 1, caller, deadline)
                        : new Waiter.Observer(targets, request.mode(), caller, deadline));
    }

    /** Watches the counts of an eventfd until {@code caller}'s connection ends. */
    public Watch watch(EventfdName name, Caller caller) {
        var watch = new Watch();
        var watcher = new Waiter.Watcher(find(name, Right.READ, caller), watch, caller);
        return calls.get(() -> {
            waits.arrive(watcher);
            if (watcher.outcome().getNow(null) instanceof Outcome.Refused(var problem)) {
                throw new ProblemException(problem);
            }
            return watch;
        });
    }

    /** Gives values that were taken but not received back to their eventfds. */
    public void putBack(Collection<Reading> taken) {
        putBacks.add(taken.size());
        loop.submit(() -> waits.putBack(taken));
    }

    /**
     * Ends the wait of {@code caller}, whose connection is about to be closed, and stops watching
     * its socket.
     */
    public void forget(Caller caller) {
        if (caller.isWatched()) {
            calls.run(() -> waits.ended(caller));
        }
    }

    /**
     * Tells whether {@code caller}'s client took all that was sent to it, as soon as that is
     * certain. The result is {@link Taken#NOT_YET} if {@code patience} is over or the connection is
     * shut down first; the client may still take the rest.
     */
    public Taken awaitTaken(Caller caller, Duration patience) {
        var taken = new CompletableFuture<Taken>();
        long deadline = deadline(patience);
        if (!calls.run(() -> waits.callers().awaitTaken(caller, deadline, taken))) {
            return Taken.NOT_YET;
        }
        return taken.join();
    }

    /**
     * Ends all waits with {@code end}, those that come later included. From now on no eventfd can
     * be brought back, and none that waits for its holder begins anew.
     */
    public void endWaits(End end) {
        calls.run(() -> {
            succession.end(problem(end));
            waits.close(inventory.all(), end);
        });
    }

    /** Ends all waits because the loop failed. Called on the loop's thread. */
    public void loopFailed() {
        succession.end(problem(End.FAILED));
        waits.abandon(inventory.all());
    }

    /**
     * Whether the loop runs, which means that it answers within a time that no healthy loop needs.
     */
    public boolean isTurning() {
        return calls.isTurning();
    }

    /** The number of eventfds. */
    public int size() {
        return calls.get(inventory::size);
    }

    /** The number of eventfds of each user that has any. */
    public Map<Integer, Integer> sizeByUser() {
        return calls.get(inventory::sizeByUser);
    }

    /**
     * The problem that {@code caller} may not do {@code what}. It counts as a denial, and the log
     * tells of it.
     */
    public ProblemException forbidden(Caller caller, String what) {
        return rights.forbidden(caller, what);
    }

    /** The number of times that a user was denied something. */
    public long denials() {
        return rights.denials();
    }

    /** The number of calls that wait, counted once for each eventfd that they wait on. */
    public int waiting() {
        return calls.get(waits.lines()::waiting);
    }

    /** The number of watches. */
    public int watching() {
        return calls.get(waits.lines()::watching);
    }

    /** The number of calls that had to wait and were served. */
    public long wakeUps() {
        return waits.lines().wakeUps();
    }

    /** The number of values that were taken, not received, and given back. */
    public long putBacks() {
        return putBacks.sum();
    }

    /** The current states of all eventfds of all users. */
    public List<CurrentState> states() {
        return inventory.all().stream().flatMap(it -> stateIfThere(it).stream()).toList();
    }

    // How it is done

    long deadline(Duration timeout) {
        return loop.now() + timeout.toNanos();
    }

    NamedEventfd find(EventfdName name, Right right, Caller caller) {
        var eventfd = succession.settled(name);
        if (eventfd == null) {
            throw Inventory.notFound(name);
        }
        rights.require(right, eventfd.identity(), caller);
        return eventfd;
    }

    private CurrentState stateOf(NamedEventfd eventfd) {
        return stateIfThere(eventfd).orElseThrow(() -> Inventory.notFound(eventfd.name()));
    }

    private Optional<CurrentState> stateIfThere(NamedEventfd eventfd) {
        try {
            var state = eventfd.state();
            if (state == null && !eventfd.eventFd().fd().isClosed()) {
                // The loop is changing this eventfd together with others.
                return calls.get(() -> Optional.ofNullable(eventfd.state()));
            }
            return Optional.ofNullable(state);
        } catch (ErrnoException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void submit(Waiter waiter) {
        loop.submit(
                new EventLoop.Task() {
                    @Override
                    public void run() throws IOException {
                        waits.arrive(waiter);
                    }

                    @Override
                    public void abandon() {
                        waiter.outcome().complete(new Outcome.Ended(End.FAILED));
                    }
                });
    }

    /** Waits for the outcome of a waiter. The result is empty if its time was up first. */
    Optional<List<Reading>> wait(Waiter waiter) {
        submit(waiter);
        waiter.outcome().join();
        return outcome(waiter);
    }

    /** Converts the outcome of a waiter that has one. */
    static Optional<List<Reading>> outcome(Waiter waiter) {
        return switch (waiter.outcome().join()) {
            case Outcome.Served(var readings) -> Optional.of(readings);
            case Outcome.Refused(var problem) -> throw new ProblemException(problem);
            case Outcome.NoRoom none -> Optional.empty();
            case Outcome.Ended(var end) ->
                    switch (end) {
                        case TIMED_OUT -> Optional.empty();
                        case CLIENT_GONE -> throw new ClientGoneException();
                        case DELETED ->
                                throw new ProblemException(
                                        ProblemType.GONE,
                                        deletedOf(waiter)
                                                + " was deleted while the call waited on it");
                        case SHUT_DOWN -> throw problem(End.SHUT_DOWN);
                        case FAILED -> throw problem(End.FAILED);
                    };
        };
    }

    private static ProblemException problem(End end) {
        return end == End.SHUT_DOWN
                ? new ProblemException(ProblemType.SHUTTING_DOWN, "the daemon is shutting down")
                : new ProblemException(ProblemType.INTERNAL, "the event loop has failed");
    }

    private static String deletedOf(Waiter waiter) {
        return waiter.targets().stream()
                .filter(target -> target.deleted)
                .findFirst()
                .orElse(waiter.target())
                .name()
                .value();
    }
}
