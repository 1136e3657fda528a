package io.eventfdd.server.eventfds;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.ProblemException;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.loop.LoopCalls;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * How eventfds come from the process that owned them before, and go to the next one: what was left
 * is restored, what only holders have is theirs to bring back for a time of grace, and what nobody
 * brings begins anew. Its state belongs to the loop's thread.
 */
public final class Succession {
    private static final System.Logger LOGGER = System.getLogger(Succession.class.getName());

    private final EventLoop loop;
    private final LoopCalls calls;
    private final Inventory inventory;
    private final Waits waits;
    private final Rights rights;
    private final Leases leases;
    private final Vacancies vacancies = new Vacancies();

    /** Whether a name that nobody knows may be a holder's. */
    private boolean acceptsStrangers;

    /** Whether the time of grace is not over. */
    private boolean isGrace;

    /** Why what there is is final, where it is: another process is going to have it. */
    private @Nullable ProblemException end;

    Succession(EventLoop loop, LoopCalls calls, Inventory inventory, Waits waits, Rights rights) {
        this.loop = loop;
        this.calls = calls;
        this.inventory = inventory;
        this.waits = waits;
        this.rights = rights;
        this.leases = waits.leases();
    }

    // What comes

    /** Goes on with what another process had, as below, and that had no leases. */
    public void restore(
            Collection<Kept> present,
            Collection<Vacancy> absent,
            Duration grace,
            boolean acceptsStrangers) {
        restore(present, absent, List.of(), grace, acceptsStrangers);
    }

    /**
     * Goes on with what another process had; before there are any calls, and not on the loop's
     * thread.
     *
     * @param present those that came with their kernel objects
     * @param absent those that did not
     * @param leased the leases on them
     * @param grace how long names wait for a holder to bring theirs, and then begin anew; and how
     *     long leases that a connection held wait for another one
     * @param acceptsStrangers whether meanwhile a holder may bring one under a name that is not
     *     known, since what was known is lost
     */
    public void restore(
            Collection<Kept> present,
            Collection<Vacancy> absent,
            Collection<KeptLease> leased,
            Duration grace,
            boolean acceptsStrangers) {
        calls.get(() -> {
            leases.restore(leased, grace);
            for (var kept : present) {
                inventory.enter(
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

    private void beginAnew(Vacancy vacancy) throws IOException {
        var returning = new ArrayList<>(vacancy.returning());
        if (vacancy.count() == Count.OVERFLOW) {
            // No write reaches this count: the last 1 comes once there is room.
            returning.add(1L);
        }
        var eventfd = NamedEventfd.beginAnew(vacancy);
        inventory.enter(eventfd, returning);
        if (vacancy.mayBeHeld()) {
            var last = vacancy.former().last();
            if (last.isPresent()) {
                inventory.advance(eventfd, last.getAsLong(), vacancy.count());
            }
        }
        vacancies.end(vacancy.identity().name());
    }

    private void endGrace() {
        if (end != null) {
            return;
        }
        acceptsStrangers = false;
        isGrace = false;
        var all = vacancies.all();
        if (!all.isEmpty()) {
            LOGGER.log(
                    Level.INFO,
                    "nobody brought back {0} eventfds within reclaim-time; they go on at their"
                            + " saved counts, or else at their initial ones",
                    all.size());
            loop.begin(new BeginningAnew(all.iterator()));
        }
    }

    /** One of them in each step: there may be thousands. */
    private final class BeginningAnew implements EventLoop.Work {
        private final Iterator<Vacancy> left;

        BeginningAnew(Iterator<Vacancy> left) {
            this.left = left;
        }

        @Override
        public boolean step() throws IOException {
            if (end != null || !left.hasNext()) {
                return false;
            }
            var vacancy = left.next();
            var name = vacancy.identity().name();
            if (vacancies.of(name) != null) {
                try {
                    beginAnew(vacancy);
                } catch (ErrnoException e) {
                    LOGGER.log(Level.ERROR, "cannot make {0} again: {1}", name, e.getMessage());
                    vacancies.end(name);
                    inventory.lost(name);
                }
            }
            return left.hasNext();
        }
    }

    /**
     * When all names of {@code request} are settled, where one of them waits for its holder; for
     * all threads.
     */
    public Optional<CompletableFuture<Void>> awaited(OpenRequest request) {
        return awaited(request.entries().stream().map(OpenRequest.Entry::name));
    }

    /** The same of {@code names}. */
    Optional<CompletableFuture<Void>> awaited(Stream<EventfdName> names) {
        if (vacancies.isEmpty()) {
            return Optional.empty();
        }
        return names.filter(name -> inventory.get(name) == null)
                .flatMap(name -> vacancies.filled(name).stream())
                .reduce((a, b) -> CompletableFuture.allOf(a, b));
    }

    /**
     * The one that stands under {@code name}, as soon as that is settled. Not on the loop's thread.
     */
    @Nullable NamedEventfd settled(EventfdName name) {
        var standing = inventory.get(name);
        if (standing != null) {
            return standing;
        }
        var filled = vacancies.filled(name);
        if (filled.isEmpty()) {
            return null;
        }
        LoopCalls.join(filled.get());
        return inventory.get(name);
    }

    /**
     * A value that another process took of {@code name}, as soon as it is settled what that is;
     * empty where it is gone. Not on the loop's thread.
     */
    public Optional<Reading> taken(EventfdName name, long value) {
        return Optional.ofNullable(settled(name)).map(eventfd -> new Reading(eventfd, value));
    }

    // What holders bring

    /**
     * Takes one of {@code offer}'s eventfd, or closes it. On the loop's thread.
     *
     * @throws ProblemException where it is not taken: {@code not-found} for a name that is not
     *     known, or is another eventfd's since the one that is offered was deleted; {@code
     *     forbidden}; {@code exists} for one of another spec; {@code limit}
     */
    public Donation donate(Offer offer, Caller caller) throws IOException {
        assert loop.inLoop();
        boolean adopted = false;
        try {
            var donation = settle(offer, caller);
            adopted = donation instanceof Donation.Adopted;
            return donation;
        } catch (ErrnoException e) {
            // What the kernel refuses of an eventfd is its donor's problem, not the loop's.
            throw ProblemType.INTERNAL.exception(offer.name() + ": " + e.getMessage());
        } finally {
            if (!adopted) {
                offer.eventFd().close();
            }
        }
    }

    private Donation settle(Offer offer, Caller caller) throws IOException {
        if (end != null) {
            throw end;
        }
        var name = offer.name();
        var standing = inventory.get(name);
        if (standing != null) {
            return replace(standing, offer, caller);
        }
        var vacancy = vacancies.of(name);
        if (vacancy != null) {
            fill(vacancy, offer, caller);
        } else if (acceptsStrangers) {
            inventory.check(caller, 1);
            var identity = inventory.identity(name, offer.spec(), caller);
            adopt(identity, offer, Former.NONE, List.of());
        } else {
            throw Inventory.notFound(name);
        }
        return new Donation.Adopted(name);
    }

    /** The name leads to one already: to that of the offer, or to another that its holder gets. */
    private Donation replace(NamedEventfd standing, Offer offer, Caller caller) throws IOException {
        rights.require(Right.READ_WRITE, standing.identity(), caller);
        requireSame(standing.spec(), offer);
        if (standing.eventFd().isSameAs(offer.eventFd())) {
            return new Donation.Same(offer.name());
        }
        if (!standing.was(offer.eventFd())
                && !acceptsStrangers
                && !(isGrace && standing.mayHaveBeenAnything())) {
            throw Inventory.notFound(offer.name());
        }
        inventory.share(standing);
        Settlement.begin(loop, inventory, waits, () -> end != null, standing, offer.eventFd());
        return new Donation.Replaced(offer.name(), standing.eventFd().fd());
    }

    /** The name waits for one: for that of the offer, if it has led to it before. */
    private void fill(Vacancy vacancy, Offer offer, Caller caller) throws IOException {
        var identity = vacancy.identity();
        rights.require(Right.READ_WRITE, identity, caller);
        requireSame(identity.spec(), offer);
        var former = vacancy.former();
        if (!former.isEmpty() && !former.contains(offer.eventFd().id())) {
            throw Inventory.notFound(offer.name());
        }
        var eventfd = adopt(identity, offer, former, vacancy.returning());
        passOn(eventfd, offer.eventFd().id());
        vacancies.end(offer.name());
    }

    /**
     * {@code object} has the name again after another had it that began with its count: that is an
     * advance of that one's holders now.
     */
    private void passOn(NamedEventfd eventfd, long object) {
        var former = eventfd.former();
        long advance = former.advance(object);
        var next = former.after(object);
        if (advance != 0 && next.isPresent()) {
            inventory.advance(eventfd, object, 0);
            long other = next.getAsLong();
            inventory.advance(eventfd, other, former.advance(other) + advance);
        }
    }

    private NamedEventfd adopt(Identity identity, Offer offer, Former former, List<Long> returning)
            throws IOException {
        var eventfd = NamedEventfd.adopt(identity, offer.eventFd(), true, former);
        // The flag is what its holders have made of it, of which nobody has told.
        eventfd.share();
        inventory.enter(eventfd, returning);
        return eventfd;
    }

    private static void requireSame(EventfdSpec spec, Offer offer) {
        if (spec.semaphore() != offer.spec().semaphore()) {
            throw ProblemType.EXISTS.exception(
                    "the eventfd " + offer.name() + " is of the other mode of reading");
        }
    }

    // What goes

    /**
     * From now on nothing is brought back any more, and none that waits for that begins anew; who
     * waits for it gets {@code why}. On the loop's thread.
     */
    void end(ProblemException why) {
        end = why;
        vacancies.close(why);
    }

    /**
     * What another process needs to go on with; once nobody waits, and nobody calls any more. Not
     * on the loop's thread.
     */
    public List<Kept> keep() {
        var kept = new ArrayList<Kept>();
        calls.run(() -> {
            for (var eventfd : inventory.all()) {
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

    /** Those that still wait for their holders; for all threads. */
    public List<Vacancy> vacancies() {
        return vacancies.all();
    }
}
