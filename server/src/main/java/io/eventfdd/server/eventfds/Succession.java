package io.eventfdd.server.eventfds;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.ProblemException;
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
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Takes eventfds over from the previous process, and leaves them to the next one. Eventfds that
 * came with their descriptors are restored. For those that only holders still have, it waits for a
 * time of grace until a holder brings them back; eventfds that nobody brings begin anew. Its state
 * belongs to the loop's thread.
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

    /** Whether a holder may bring an eventfd under a name that is not known. */
    private boolean acceptsStrangers;

    /**
     * The reason why nothing may change any more, because another process is about to take over;
     * null before that.
     */
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

    /** Goes on with the eventfds of another process, which had no leases. */
    public void restore(
            Collection<Kept> present,
            Collection<Vacancy> absent,
            Duration grace,
            boolean acceptsStrangers) {
        restore(present, absent, List.of(), grace, acceptsStrangers);
    }

    /**
     * Goes on with the eventfds and leases of another process. It must be called before there are
     * any calls, and not on the loop's thread.
     *
     * @param present the eventfds that came with their kernel objects
     * @param absent the eventfds that came without
     * @param leased the leases on them
     * @param grace how long names wait for a holder before they begin anew, and how long leases
     *     that a connection held wait for another connection
     * @param acceptsStrangers whether meanwhile a holder may bring an eventfd under an unknown
     *     name, because the table was lost
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
            loop.after(grace, this::endGrace);
            return present;
        });
    }

    private void beginAnew(Vacancy vacancy) throws IOException {
        var returning = new ArrayList<>(vacancy.returning());
        if (vacancy.count() == Count.OVERFLOW) {
            // No write can reach this count, so the last 1 is added once there is room.
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

    /** Handles one vacancy in each step, because there may be thousands. */
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
                    LOGGER.log(Level.ERROR, "cannot create {0} again: {1}", name, e.getMessage());
                    vacancies.end(name);
                    inventory.lost(name);
                }
            }
            return left.hasNext();
        }
    }

    /**
     * If a name of {@code request} waits for its holder, a future that is completed when all its
     * names are settled. Any thread may call this.
     */
    public Optional<CompletableFuture<Void>> awaited(OpenRequest request) {
        return awaited(() -> request.entries().stream().map(OpenRequest.Entry::name));
    }

    /**
     * If one of {@code names} waits for its holder, a future that is completed when all of them are
     * settled. The names are asked for only if any name waits.
     */
    Optional<CompletableFuture<Void>> awaited(Supplier<Stream<EventfdName>> names) {
        if (vacancies.isEmpty()) {
            return Optional.empty();
        }
        return names.get()
                .filter(name -> inventory.get(name) == null)
                .flatMap(name -> vacancies.filled(name).stream())
                .reduce((a, b) -> CompletableFuture.allOf(a, b));
    }

    /**
     * Finds the eventfd with {@code name}, and waits until the name is settled. Not for the loop's
     * thread.
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
     * A value that another process took of {@code name}, as a reading of the eventfd that has the
     * name once it is settled; empty if there is none. Not for the loop's thread.
     */
    public Optional<Reading> taken(EventfdName name, long value) {
        return Optional.ofNullable(settled(name)).map(eventfd -> new Reading(eventfd, value));
    }

    // What holders bring

    /**
     * Takes the eventfd of {@code offer}, or closes its descriptor. Called on the loop's thread.
     *
     * @throws ProblemException if it is not taken: {@code not-found} for a name that is not known,
     *     or that belongs to another eventfd because the offered one was deleted; {@code
     *     forbidden}; {@code exists} if the spec differs; {@code limit}
     */
    public Donation donate(Offer offer, Caller caller) throws IOException {
        assert loop.inLoop();
        boolean adopted = false;
        try {
            var donation = settle(offer, caller);
            adopted = donation instanceof Donation.Adopted;
            return donation;
        } catch (ErrnoException e) {
            // If the kernel refuses an eventfd, that is a problem of its donor, not of the loop.
            throw new ProblemException(ProblemType.INTERNAL, offer.name() + ": " + e.getMessage());
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

    /**
     * Handles an offer whose name already leads to an eventfd: to the offered one, or to another
     * one, which the holder gets.
     */
    private Donation replace(NamedEventfd standing, Offer offer, Caller caller) throws IOException {
        rights.require(Right.READ_WRITE, standing.identity(), caller);
        requireSame(standing.spec(), offer);
        if (standing.eventFd().isSameAs(offer.eventFd())) {
            return new Donation.Same(offer.name());
        }
        if (!standing.was(offer.eventFd()) && !acceptsStrangers) {
            throw Inventory.notFound(offer.name());
        }
        inventory.share(standing);
        var settled =
                Settlement.begin(
                        loop, inventory, waits, () -> end != null, standing, offer.eventFd());
        return new Donation.Replaced(
                offer.name(),
                standing.eventFd().fd(),
                CompletableFuture.allOf(settled, inventory.written()));
    }

    /**
     * Handles an offer whose name waits for a holder: for this one, if the name has led to the
     * offered object before.
     */
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
     * {@code object} has the name again, after another object had it that began with the count of
     * {@code object}. That count is now an advance of the holders of the other object.
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
        // The holders may have changed the flag, and nobody has reported it.
        eventfd.share();
        inventory.enter(eventfd, returning);
        return eventfd;
    }

    private static void requireSame(EventfdSpec spec, Offer offer) {
        if (spec.semaphore() != offer.spec().semaphore()) {
            throw new ProblemException(
                    ProblemType.EXISTS,
                    "the eventfd "
                            + offer.name()
                            + " has the other mode of reading (semaphore or counter)");
        }
    }

    // What goes

    /**
     * Ends the time of grace: nothing can be brought back any more, no vacancy begins anew, and
     * calls that wait for one get {@code why}. Called on the loop's thread.
     */
    void end(ProblemException why) {
        end = why;
        vacancies.close(why);
    }

    /**
     * Collects all that another process needs to go on. Values on their way back are that process's
     * from now on, so that they are not added twice if a raw holder makes room meanwhile. It must
     * be called after all calls have ended, and not on the loop's thread.
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
                                eventfd.returning.values(),
                                eventfd.former()));
                eventfd.returning.clear();
            }
        });
        return kept;
    }

    /** The eventfds that still wait for their holders. Any thread may call this. */
    public List<Vacancy> vacancies() {
        return vacancies.all();
    }
}
