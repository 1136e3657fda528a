package io.eventfdd.server.eventfds;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.wire.ProblemException;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The set of all eventfds, with its limits and its ledger. All threads may look eventfds up; only
 * the loop's thread changes the set.
 */
final class Inventory {
    private final Names names = new Names();
    private final Waits waits;
    private final Quota quota;
    private final int groupId;
    private final Clock clock;
    private final Ledger ledger;

    /**
     * Starts empty.
     *
     * @param groupId the group of all eventfds that are created
     * @param clock the clock that gives the time of creation
     */
    Inventory(Waits waits, Limits.Limit limit, int groupId, Clock clock, Ledger ledger) {
        this.waits = waits;
        this.quota = new Quota("max-eventfds", limit);
        this.groupId = groupId;
        this.clock = clock;
        this.ledger = ledger;
    }

    // What there is, for all threads

    @Nullable NamedEventfd get(EventfdName name) {
        return names.get(name);
    }

    /** All eventfds, in ASCII order of their names. */
    Collection<NamedEventfd> all() {
        return names.all();
    }

    /** The eventfds from {@code name} on, or after it, in ASCII order of their names. */
    Collection<NamedEventfd> from(String name, boolean inclusive) {
        return names.from(name, inclusive);
    }

    static ProblemException notFound(EventfdName name) {
        return new ProblemException(ProblemType.NOT_FOUND, "there is no eventfd " + name);
    }

    /** Completed when another process would know all changes so far. */
    CompletableFuture<Void> written() {
        return ledger.written();
    }

    // What comes and goes, on the loop's thread

    /**
     * Checks that {@code caller} may have {@code more} eventfds.
     *
     * @throws ProblemException {@code limit}
     */
    void check(Caller caller, int more) {
        quota.check(caller.peer().uid(), more);
    }

    /**
     * Creates an eventfd. Other threads find it only after {@link #enter}.
     *
     * @throws ProblemException {@code limit} if the kernel cannot create another one
     */
    NamedEventfd make(EventfdName name, EventfdSpec spec, Caller caller) {
        try {
            return NamedEventfd.create(identity(name, spec, caller));
        } catch (ErrnoException e) {
            throw new ProblemException(
                    ProblemType.LIMIT,
                    "the kernel cannot create another eventfd: " + e.getMessage());
        }
    }

    /** The identity of an eventfd that {@code caller} creates now. */
    Identity identity(EventfdName name, EventfdSpec spec, Caller caller) {
        return new Identity(name, spec, new Owner(caller.peer().uid(), groupId), clock.instant());
    }

    void enter(NamedEventfd eventfd) {
        names.add(eventfd);
        quota.add(eventfd.owner().uid(), 1);
        ledger.entered(eventfd.identity(), eventfd.eventFd());
        if (eventfd.isShared()) {
            ledger.shared(eventfd.identity(), eventfd.eventFd());
        }
        waits.leases().entered(eventfd);
    }

    /** Tells those who wait for {@code name} that its eventfd cannot be created. */
    void lost(EventfdName name) {
        waits.leases().lost(name);
    }

    /** Enters an eventfd to which the values {@code returning} are on their way back. */
    void enter(NamedEventfd eventfd, List<Long> returning) throws IOException {
        enter(eventfd);
        for (long value : returning) {
            waits.giveBack(new Reading(eventfd, value));
        }
    }

    /** Notes that the descriptor is about to leave this process. */
    void share(NamedEventfd eventfd) throws ErrnoException {
        if (eventfd.share()) {
            ledger.shared(eventfd.identity(), eventfd.eventFd());
        }
    }

    /** Notes that the eventfd has an advance on its former object {@code object}. */
    void advance(NamedEventfd eventfd, long object, long advance) {
        eventfd.advance(object, advance);
        ledger.advanced(eventfd.identity(), object, advance);
    }

    /** Ends all calls that wait on the eventfd, and closes the daemon's descriptor. */
    void remove(NamedEventfd eventfd) throws IOException {
        names.remove(eventfd);
        quota.add(eventfd.owner().uid(), -1);
        ledger.removed(eventfd.identity());
        waits.delete(eventfd);
    }

    /** Changes the limits. Eventfds above the new limits stay. */
    void limit(Limits.Limit limit) {
        quota.limit(limit);
    }

    int size() {
        return quota.inAll();
    }

    /** The number of eventfds of each user that has any. */
    Map<Integer, Integer> sizeByUser() {
        return quota.byUser();
    }
}
