package io.eventfdd.server.loop;

import static java.util.Objects.requireNonNull;

import io.eventfdd.linux.ErrnoException;
import io.eventfdd.protocol.EventfdName;
import io.eventfdd.protocol.EventfdSpec;
import io.eventfdd.protocol.OpenRequest;
import io.eventfdd.protocol.ProblemException;
import io.eventfdd.protocol.ProblemType;
import io.eventfdd.protocol.WaitRequest;
import io.eventfdd.protocol.WaitRequest.Mode;
import io.eventfdd.server.access.Denials;
import io.eventfdd.server.access.Right;
import io.eventfdd.server.loop.Waiter.Outcome;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * The named eventfds and what can be done with them; for all threads but the loop's own. Calls
 * block their thread until they are done, the waiting ones on the loop, and throw {@link
 * ProblemException} for all that the contract has a name for.
 */
public final class Eventfds {
    private static final System.Logger LOGGER = System.getLogger(Eventfds.class.getName());

    /** How long a healthy loop is never away. */
    private static final Duration TURN = Duration.ofSeconds(2);

    private final EventLoop loop;
    private final Lines lines;
    private final Denials denials = new Denials(System::nanoTime);
    private final LongAdder putBacks = new LongAdder();
    private final int groupId;
    private final Clock clock;
    private final Ledger ledger;
    private final Vacancies vacancies = new Vacancies();
    private final Names names = new Names();

    /** Those in the table; the loop's own. */
    private final Quota standing;

    /** Whether a name that nobody knows may be a holder's; the loop's own. */
    private boolean acceptsStrangers;

    /** Whether the time of grace is not over; the loop's own. */
    private boolean isGrace;

    /**
     * Whether what there is is final, since another process is going to have it; the loop's own.
     */
    private boolean ended;

    /** None yet, and nobody wants to know which there are. */
    public Eventfds(EventLoop loop, Limits limits, int groupId, Clock clock) {
        this(loop, limits, groupId, clock, Ledger.NONE);
    }

    /**
     * None yet.
     *
     * @param groupId the group of all that are made
     * @param clock for the time of their creation
     * @param ledger is told of those that come and go
     */
    public Eventfds(EventLoop loop, Limits limits, int groupId, Clock clock, Ledger ledger) {
        this.loop = loop;
        this.lines = new Lines(loop, limits);
        this.standing = new Quota("max-eventfds", limits.eventfds());
        this.groupId = groupId;
        this.clock = clock;
        this.ledger = ledger;
    }

    /** Other limits from the return on; what there is above them stays. */
    public void limit(Limits limits) {
        onLoopWhileItTurns(() -> {
            standing.limit(limits.eventfds());
            lines.limit(limits);
        });
    }

    // The table

    /** Makes an eventfd, or finds the one that stands under the name. */
    public Creation create(EventfdName name, EventfdSpec spec, Caller caller) {
        var standing = lookUp(name);
        if (standing == null) {
            var made = onLoop(() -> make(name, spec, caller));
            if (made.isNew()) {
                ledger.flush();
                return new Creation(Creation.Result.CREATED, stateOf(made.eventfd()));
            }
            standing = made.eventfd();
        }
        require(Right.READ, standing, caller);
        var result =
                standing.spec().sameAs(spec) ? Creation.Result.FOUND : Creation.Result.DIFFERENT;
        return new Creation(result, stateOf(standing));
    }

    private record Made(NamedEventfd eventfd, boolean isNew) {}

    private Made make(EventfdName name, EventfdSpec spec, Caller caller) throws IOException {
        var found = names.get(name);
        if (found != null) {
            return new Made(found, false);
        }
        standing.check(caller.peer().uid(), 1);
        var eventfd = newEventfd(name, spec, caller);
        enter(eventfd);
        return new Made(eventfd, true);
    }

    /** One that is not in the table yet. */
    private NamedEventfd newEventfd(EventfdName name, EventfdSpec spec, Caller caller) {
        try {
            return NamedEventfd.create(identity(name, spec, caller));
        } catch (ErrnoException e) {
            throw ProblemType.LIMIT.exception("the kernel makes no more: " + e.getMessage());
        }
    }

    private Identity identity(EventfdName name, EventfdSpec spec, Caller caller) {
        return new Identity(name, spec, new Owner(caller.peer().uid(), groupId), clock.instant());
    }

    private void enter(NamedEventfd eventfd) {
        names.add(eventfd);
        standing.add(eventfd.owner().uid(), 1);
        ledger.entered(eventfd.identity(), eventfd.eventFd());
        if (eventfd.isShared()) {
            ledger.shared(eventfd.identity(), eventfd.eventFd());
        }
    }

    /** Ends all who wait on it, and closes the daemon's descriptor. */
    private void remove(NamedEventfd eventfd) throws IOException {
        names.remove(eventfd);
        standing.add(eventfd.owner().uid(), -1);
        ledger.removed(eventfd.identity());
        lines.delete(eventfd);
        eventfd.eventFd().close();
    }

    // From process to process

    /**
     * Goes on with what another process had; before there are any calls.
     *
     * @param present those that came with their kernel objects
     * @param absent those that did not
     * @param grace how long names wait for a holder to bring theirs; then they begin anew
     * @param acceptsStrangers whether meanwhile a holder may bring one under a name that is not
     *     known, since what was known is lost
     */
    public void restore(
            Collection<Kept> present,
            Collection<Vacancy> absent,
            Duration grace,
            boolean acceptsStrangers) {
        onLoop(() -> {
            for (var kept : present) {
                enter(
                        NamedEventfd.adopt(
                                kept.identity(), kept.eventFd(), kept.shared(), kept.former()),
                        kept.returning());
            }
            for (var vacancy : absent) {
                if (vacancy.mayBeHeld() && !grace.isZero()) {
                    vacancies.add(vacancy);
                } else {
                    beginAnew(vacancy);
                }
            }
            this.acceptsStrangers = acceptsStrangers;
            this.isGrace = true;
            loop.after(grace, this::endGrace);
            return present;
        });
    }

    private void enter(NamedEventfd eventfd, List<Long> returning) throws IOException {
        enter(eventfd);
        for (long value : returning) {
            lines.giveBack(new Reading(eventfd, value));
        }
    }

    private void beginAnew(Vacancy vacancy) throws IOException {
        enter(NamedEventfd.beginAnew(vacancy), vacancy.returning());
        vacancies.end(vacancy.identity().name());
    }

    private void endGrace() throws IOException {
        if (ended) {
            return;
        }
        acceptsStrangers = false;
        isGrace = false;
        var all = vacancies.all();
        for (var vacancy : all) {
            beginAnew(vacancy);
        }
        if (!all.isEmpty()) {
            LOGGER.log(
                    Level.INFO,
                    "{0} eventfds that others held were not brought back in time, and begin anew",
                    all.size());
        }
    }

    /** When all names of {@code request} are settled, where one of them waits for its holder. */
    public Optional<CompletableFuture<Void>> awaited(OpenRequest request) {
        if (vacancies.isEmpty()) {
            return Optional.empty();
        }
        return request.entries().stream()
                .map(OpenRequest.Entry::name)
                .filter(name -> names.get(name) == null)
                .flatMap(name -> vacancies.filled(name).stream())
                .reduce((a, b) -> CompletableFuture.allOf(a, b));
    }

    /**
     * Takes one of {@code offer}'s eventfd, or closes it. On the loop's thread.
     *
     * @throws ProblemException where it is not taken: {@code not-found} for a name that is not
     *     known, or is another eventfd's since the one that is offered was deleted; {@code
     *     forbidden}; {@code exists} for one of another spec
     */
    public Donation donate(Offer offer, Caller caller) throws IOException {
        assert loop.inLoop();
        var name = offer.name();
        boolean taken = false;
        try {
            if (ended) {
                throw problem(End.SHUT_DOWN);
            }
            var standing = names.get(name);
            if (standing != null) {
                require(Right.READ_WRITE, standing.identity(), caller);
                requireSame(standing.spec(), offer);
                if (standing.eventFd().isSameAs(offer.eventFd())) {
                    return new Donation.Same(name);
                }
                if (!standing.was(offer.eventFd())
                        && !acceptsStrangers
                        && !(isGrace && standing.mayHaveBeenAnything())) {
                    throw notFound(name);
                }
                if (standing.share()) {
                    ledger.shared(standing.identity(), standing.eventFd());
                }
                return new Donation.Replaced(name, standing.eventFd().fd());
            }
            var vacancy = vacancies.of(name);
            if (vacancy != null) {
                var identity = vacancy.identity();
                require(Right.READ_WRITE, identity, caller);
                requireSame(identity.spec(), offer);
                if (!vacancy.former().isEmpty()
                        && !vacancy.former().contains(offer.eventFd().id())) {
                    throw notFound(name);
                }
                taken = true;
                enter(
                        NamedEventfd.adopt(identity, offer.eventFd(), true, vacancy.former()),
                        vacancy.returning());
                vacancies.end(name);
            } else if (acceptsStrangers) {
                this.standing.check(caller.peer().uid(), 1);
                taken = true;
                var identity = identity(name, offer.spec(), caller);
                enter(NamedEventfd.adopt(identity, offer.eventFd(), true, Set.of()), List.of());
            } else {
                throw notFound(name);
            }
            return new Donation.Adopted(name);
        } finally {
            if (!taken) {
                offer.eventFd().close();
            }
        }
    }

    private static void requireSame(EventfdSpec spec, Offer offer) {
        if (spec.semaphore() != offer.spec().semaphore()) {
            throw ProblemType.EXISTS.exception(
                    "the eventfd " + offer.name() + " is of the other mode of reading");
        }
    }

    /** What another process needs to go on with; once nobody waits, and nobody calls any more. */
    public List<Kept> keep() {
        var kept = new ArrayList<Kept>();
        onLoopWhileItTurns(() -> {
            for (var eventfd : names.all()) {
                kept.add(
                        new Kept(
                                eventfd.identity(),
                                eventfd.eventFd(),
                                eventfd.isShared(),
                                List.copyOf(eventfd.returning),
                                eventfd.former()));
            }
        });
        return kept;
    }

    /** Those that still wait for their holders. */
    public List<Vacancy> vacancies() {
        return vacancies.all();
    }

    /**
     * A value that another process took of {@code name}, as soon as it is settled what that is;
     * empty where it is gone.
     */
    public Optional<Reading> taken(EventfdName name, long value) {
        return Optional.ofNullable(lookUp(name)).map(eventfd -> new Reading(eventfd, value));
    }

    // The descriptors

    /**
     * Finds or makes all that {@code request} names, so that their descriptors can be sent; where
     * one cannot be had, nothing has changed. On the loop's own thread, which then sends them: so
     * nobody closes one under the sending.
     */
    public Opened open(OpenRequest request, Caller caller) throws IOException {
        assert loop.inLoop();
        var entries = request.entries();
        var found = new @Nullable NamedEventfd[entries.size()];
        int missing = 0;
        for (int i = 0; i < found.length; i++) {
            found[i] = names.get(entries.get(i).name());
            check(entries.get(i), found[i], caller);
            missing += found[i] == null ? 1 : 0;
        }
        standing.check(caller.peer().uid(), missing);
        var all = new ArrayList<NamedEventfd>(found.length);
        var made = new ArrayList<NamedEventfd>(missing);
        try {
            for (int i = 0; i < found.length; i++) {
                var eventfd = found[i];
                if (eventfd == null) {
                    var entry = entries.get(i);
                    eventfd = newEventfd(entry.name(), requireNonNull(entry.create()), caller);
                    made.add(eventfd);
                }
                all.add(eventfd);
            }
        } catch (ProblemException e) {
            made.forEach(eventfd -> eventfd.eventFd().close());
            throw e;
        }
        made.forEach(this::enter);
        return Opened.share(all, made, ledger);
    }

    /** Whether {@code entry} can be had: rights first, then existence. */
    private void check(OpenRequest.Entry entry, @Nullable NamedEventfd standing, Caller caller) {
        var wanted = entry.create();
        if (standing == null) {
            if (wanted == null) {
                throw notFound(entry.name());
            }
            return;
        }
        require(Right.READ_WRITE, standing, caller);
        if (entry.exclusive()) {
            throw ProblemType.EXISTS.exception("there is an eventfd " + entry.name() + " already");
        }
        if (wanted != null && !standing.spec().sameAs(wanted)) {
            throw ProblemType.EXISTS.exception(
                    "there is an eventfd " + entry.name() + " already, with another spec");
        }
    }

    /**
     * The descriptors could not be sent: what was made for them goes again, as if deleted, so that
     * it is all or nothing for the client that did not hear of it. In the moment in which it stood,
     * other threads may have found it; for them, too, it was deleted.
     */
    public void takeBack(Opened opened) throws IOException {
        assert loop.inLoop();
        for (var eventfd : opened.made()) {
            remove(eventfd);
        }
    }

    // The state of the table

    /** The eventfd as it is now. */
    public EventfdState state(EventfdName name, Caller caller) {
        return stateOf(find(name, Right.READ, caller));
    }

    /**
     * Those that {@code caller} may read, in ASCII order.
     *
     * @param prefix what their names begin with
     * @param after the name that they come after, whether it stands or not; empty for the first
     * @param limit how many at most
     */
    public Page list(String prefix, String after, int limit, Caller caller) {
        var found = new ArrayList<EventfdState>();
        var rest =
                after.compareTo(prefix) >= 0 ? names.from(after, false) : names.from(prefix, true);
        for (var eventfd : rest) {
            if (!eventfd.name().value().startsWith(prefix)) {
                break;
            }
            if (!holds(Right.READ, eventfd.identity(), caller)) {
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
     * Forgets the name, ends all who wait on it, and closes the daemon's descriptor; raw holders
     * keep theirs.
     */
    public void delete(EventfdName name, Caller caller) {
        awaitFilled(name);
        onLoop(() -> {
            var eventfd = names.get(name);
            if (eventfd == null) {
                throw notFound(name);
            }
            if (!Right.mayDelete(caller.peer(), eventfd.owner().uid())) {
                throw forbidden(caller, name + " may be deleted by its owner and root only");
            }
            remove(eventfd);
            return eventfd;
        });
        // A name that is said to be free must not be there after a kill.
        ledger.flush();
    }

    // The calls

    /**
     * Adds {@code value}, waiting at most {@code timeout} for room.
     *
     * @param value 1 to 2^64-2, unsigned
     * @return whether it was added
     */
    public boolean write(EventfdName name, long value, Duration timeout, Caller caller) {
        var target = find(name, Right.WRITE, caller);
        if (addDirectly(target, value)) {
            return true;
        }
        var outcome = wait(new Waiter.Writer(target, value, caller, deadline(timeout)));
        return outcome.isPresent();
    }

    /** False where the kernel had no room, or where somebody might be overtaken. */
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

    /** Takes the count, or 1 of a semaphore's, waiting at most {@code timeout} for it. */
    public Optional<Reading> read(EventfdName name, Duration timeout, Caller caller) {
        var target = find(name, Right.READ, caller);
        var taken = takeDirectly(target);
        if (taken.isPresent()) {
            return taken;
        }
        return wait(new Waiter.Consumer(List.of(target), Mode.ANY, caller, deadline(timeout)))
                .map(List::getFirst);
    }

    /** Empty where there is nothing to take, or where somebody might be overtaken. */
    private static Optional<Reading> takeDirectly(NamedEventfd target) {
        var eventFd = target.eventFd();
        if (!eventFd.fd().acquire()) {
            return Optional.empty();
        }
        try {
            long value = target.readsDirectly() ? eventFd.read() : 0;
            return value == 0 ? Optional.empty() : Optional.of(new Reading(target, value));
        } catch (ErrnoException e) {
            throw new UncheckedIOException(e);
        } finally {
            eventFd.fd().release();
        }
    }

    /** Waits at most {@code timeout} until it is readable, and takes nothing. */
    public Optional<Reading> await(EventfdName name, Duration timeout, Caller caller) {
        var target = find(name, Right.READ, caller);
        var now = stateOf(target);
        if (now.count() != 0) {
            return Optional.of(new Reading(target, now.count()));
        }
        return wait(new Waiter.Observer(List.of(target), Mode.ANY, caller, deadline(timeout)))
                .map(List::getFirst);
    }

    /** Waits on many; empty where the time is over first. */
    public Optional<List<Reading>> await(WaitRequest request, Caller caller) {
        var targets =
                request.eventfds().stream().map(name -> find(name, Right.READ, caller)).toList();
        long deadline = deadline(request.timeout());
        return wait(
                request.consume()
                        ? new Waiter.Consumer(targets, request.mode(), caller, deadline)
                        : new Waiter.Observer(targets, request.mode(), caller, deadline));
    }

    /** The counts of an eventfd as they come, until {@code caller}'s connection ends. */
    public Watch watch(EventfdName name, Caller caller) {
        var watch = new Watch();
        var watcher = new Waiter.Watcher(find(name, Right.READ, caller), watch, caller);
        return onLoop(() -> {
            lines.arrive(watcher);
            if (watcher.outcome().getNow(null) instanceof Outcome.Refused(var problem)) {
                throw new ProblemException(problem);
            }
            return watch;
        });
    }

    /** Gives what was taken, and not received, back to the eventfd that it came from. */
    public void putBack(Collection<Reading> taken) {
        putBacks.add(taken.size());
        loop.submit(() -> {
            for (var reading : taken) {
                lines.putBack(reading);
            }
        });
    }

    /**
     * The connection of {@code caller} is about to be closed: its wait ends, and its socket is not
     * looked at any more.
     */
    public void forget(Caller caller) {
        if (caller.isWatched()) {
            onLoopWhileItTurns(() -> {
                lines.hungUp(caller);
                lines.callers().forget(caller);
            });
        }
    }

    /**
     * Whether {@code caller}'s client took all that was sent to it, as soon as that is certain; not
     * where it did not within {@code patience}.
     */
    public boolean awaitTaken(Caller caller, Duration patience) {
        var taken = new CompletableFuture<Boolean>();
        long deadline = deadline(patience);
        if (!onLoopWhileItTurns(() -> lines.callers().awaitTaken(caller, deadline, taken))) {
            return false;
        }
        return taken.join();
    }

    /**
     * From now on nobody waits: all who do get {@code end}, and so do all who come. No eventfd is
     * brought back any more, and none that waits for that begins anew.
     */
    public void endWaits(End end) {
        onLoopWhileItTurns(() -> {
            ended = true;
            vacancies.close(problem(end));
            lines.close(names.all(), end);
        });
    }

    /** The loop has died of a bug: all waits end. On the loop's thread. */
    public void loopFailed() {
        try {
            vacancies.close(problem(End.FAILED));
            lines.close(names.all(), End.FAILED);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether the loop turns: it answers within a time that no healthy one needs. */
    public boolean isTurning() {
        var answer = new CompletableFuture<Boolean>();
        loop.submit(
                new EventLoop.Task() {
                    @Override
                    public void run() {
                        answer.complete(true);
                    }

                    @Override
                    public void abandon() {
                        answer.complete(false);
                    }
                });
        return answer.completeOnTimeout(false, TURN.toMillis(), TimeUnit.MILLISECONDS).join();
    }

    /** How many eventfds there are. */
    public int size() {
        return onLoop(standing::inAll);
    }

    /** How many eventfds each user has that has some. */
    public Map<Integer, Integer> sizeByUser() {
        return onLoop(standing::byUser);
    }

    /** How often a user was denied something. */
    public long denials() {
        return denials.count();
    }

    /** How many calls wait, once for each eventfd that they wait on. */
    public int waiting() {
        return onLoop(lines::waiting);
    }

    /** How many streams of counts there are. */
    public int watching() {
        return onLoop(lines::watching);
    }

    /** How many calls were served that had to wait. */
    public long wakeUps() {
        return lines.wakeUps();
    }

    /** How many values went back that were taken and not received. */
    public long putBacks() {
        return putBacks.sum();
    }

    /** All of them as they are now, whoever they belong to. */
    public List<EventfdState> states() {
        return names.all().stream().flatMap(it -> stateIfThere(it).stream()).toList();
    }

    // How it is done

    private long deadline(Duration timeout) {
        return loop.now() + timeout.toNanos();
    }

    private NamedEventfd find(EventfdName name, Right right, Caller caller) {
        var eventfd = lookUp(name);
        if (eventfd == null) {
            throw notFound(name);
        }
        require(right, eventfd, caller);
        return eventfd;
    }

    /** The one that stands under the name, as soon as that is settled. */
    private @Nullable NamedEventfd lookUp(EventfdName name) {
        var standing = names.get(name);
        if (standing == null && awaitFilled(name)) {
            standing = names.get(name);
        }
        return standing;
    }

    /** False where there was nothing to wait for. */
    private boolean awaitFilled(EventfdName name) {
        var filled = vacancies.filled(name);
        filled.ifPresent(Eventfds::join);
        return filled.isPresent();
    }

    private void require(Right right, NamedEventfd eventfd, Caller caller) {
        require(right, eventfd.identity(), caller);
    }

    private void require(Right right, Identity eventfd, Caller caller) {
        if (!holds(right, eventfd, caller)) {
            throw forbidden(
                    caller,
                    "to "
                            + right.verb()
                            + " "
                            + eventfd.name()
                            + ", which is "
                            + eventfd.spec().mode()
                            + " of user "
                            + Integer.toUnsignedString(eventfd.owner().uid()));
        }
    }

    private ProblemException forbidden(Caller caller, String what) {
        int user = caller.peer().uid();
        var sentence = "user " + Integer.toUnsignedString(user) + " has no right: " + what;
        denials.add(user, sentence);
        return ProblemType.FORBIDDEN.exception(sentence);
    }

    private static boolean holds(Right right, Identity eventfd, Caller caller) {
        return right.isHeldBy(
                caller.peer(), eventfd.owner().uid(), eventfd.owner().gid(), eventfd.spec().mode());
    }

    private static ProblemException notFound(EventfdName name) {
        return ProblemType.NOT_FOUND.exception("there is no eventfd " + name);
    }

    private static EventfdState stateOf(NamedEventfd eventfd) {
        return stateIfThere(eventfd).orElseThrow(() -> notFound(eventfd.name()));
    }

    private static Optional<EventfdState> stateIfThere(NamedEventfd eventfd) {
        try {
            return Optional.ofNullable(eventfd.state());
        } catch (ErrnoException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void submit(Waiter waiter) {
        loop.submit(
                new EventLoop.Task() {
                    @Override
                    public void run() throws IOException {
                        lines.arrive(waiter);
                    }

                    @Override
                    public void abandon() {
                        waiter.outcome().complete(new Outcome.Ended(End.FAILED));
                    }
                });
    }

    /** What the waiter was served; empty where its time was over first. */
    private Optional<List<Reading>> wait(Waiter waiter) {
        submit(waiter);
        return switch (waiter.outcome().join()) {
            case Outcome.Served(var readings) -> Optional.of(readings);
            case Outcome.Refused(var problem) -> throw new ProblemException(problem);
            case Outcome.Ended(var end) ->
                    switch (end) {
                        case TIMED_OUT -> Optional.empty();
                        case CLIENT_GONE -> throw new ClientGoneException();
                        case DELETED ->
                                throw ProblemType.GONE.exception(
                                        deletedOf(waiter)
                                                + " was deleted while the call waited on it");
                        case SHUT_DOWN -> throw problem(End.SHUT_DOWN);
                        case FAILED -> throw problem(End.FAILED);
                    };
        };
    }

    private static ProblemException problem(End end) {
        return end == End.SHUT_DOWN
                ? ProblemType.SHUTTING_DOWN.exception("the daemon is shutting down")
                : ProblemType.INTERNAL.exception("the event loop has failed");
    }

    private static String deletedOf(Waiter waiter) {
        return waiter.targets().stream()
                .filter(target -> target.eventFd().fd().isClosed())
                .findFirst()
                .orElse(waiter.target())
                .name()
                .value();
    }

    @FunctionalInterface
    private interface LoopCall<T> {
        T call() throws IOException;
    }

    /**
     * Has {@code task} done on the loop's thread, and waits for that; false where the loop has
     * ended.
     */
    private boolean onLoopWhileItTurns(EventLoop.Task task) {
        var done = new CompletableFuture<Boolean>();
        loop.submit(
                new EventLoop.Task() {
                    @Override
                    public void run() throws IOException {
                        task.run();
                        done.complete(true);
                    }

                    @Override
                    public void abandon() {
                        done.complete(false);
                    }
                });
        return done.join();
    }

    /**
     * Has {@code call} done on the loop's thread, and waits for it. A problem that it throws is the
     * caller's.
     */
    private <T> T onLoop(LoopCall<T> call) {
        var result = new CompletableFuture<T>();
        loop.submit(
                new EventLoop.Task() {
                    @Override
                    public void run() throws IOException {
                        try {
                            result.complete(call.call());
                        } catch (ProblemException problem) {
                            result.completeExceptionally(problem);
                        }
                    }

                    @Override
                    public void abandon() {
                        result.completeExceptionally(
                                ProblemType.INTERNAL.exception("the event loop has ended"));
                    }
                });
        return join(result);
    }

    private static <T> T join(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof ProblemException problem) {
                throw problem;
            }
            throw e;
        }
    }
}
