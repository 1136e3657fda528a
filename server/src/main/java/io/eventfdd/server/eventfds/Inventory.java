package io.eventfdd.server.eventfds;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.ProblemException;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.ErrnoException;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The eventfds that there are, within their limit, and the ledger's knowledge of them. Looked up by
 * all threads, changed by the loop's alone.
 */
final class Inventory {
    private final Names names = new Names();
    private final Waits waits;
    private final Quota quota;
    private final int groupId;
    private final Clock clock;
    private final Ledger ledger;

    /**
     * None yet.
     *
     * @param groupId the group of all that are made
     * @param clock for the time of their creation
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

    /** All of them, in ASCII order of their names. */
    Collection<NamedEventfd> all() {
        return names.all();
    }

    /** Those from {@code name} on, or after it, in ASCII order of their names. */
    Collection<NamedEventfd> from(String name, boolean inclusive) {
        return names.from(name, inclusive);
    }

    static ProblemException notFound(EventfdName name) {
        return ProblemType.NOT_FOUND.exception("there is no eventfd " + name);
    }

    /** Done when another process would know all that was done here so far. */
    CompletableFuture<Void> written() {
        return ledger.written();
    }

    // What comes and goes, on the loop's thread

    /**
     * Whether {@code caller} may have {@code more}.
     *
     * @throws ProblemException {@code limit}
     */
    void check(Caller caller, int more) {
        quota.check(caller.peer().uid(), more);
    }

    /**
     * Makes one, which {@link #enter} has found by others.
     *
     * @throws ProblemException {@code limit} where the kernel makes no more
     */
    NamedEventfd make(EventfdName name, EventfdSpec spec, Caller caller) {
        try {
            return NamedEventfd.create(identity(name, spec, caller));
        } catch (ErrnoException e) {
            throw ProblemType.LIMIT.exception("the kernel makes no more: " + e.getMessage());
        }
    }

    /** That of one which {@code caller} makes now. */
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

    /** What waited for {@code name} waits in vain: it cannot be made. */
    void lost(EventfdName name) {
        waits.leases().lost(name);
    }

    /** The same of one to which {@code returning} is on its way back. */
    void enter(NamedEventfd eventfd, List<Long> returning) throws IOException {
        enter(eventfd);
        for (long value : returning) {
            waits.giveBack(new Reading(eventfd, value));
        }
    }

    /** Its descriptor is about to leave this process; false where it has left before. */
    boolean share(NamedEventfd eventfd) throws ErrnoException {
        if (!eventfd.share()) {
            return false;
        }
        ledger.shared(eventfd.identity(), eventfd.eventFd());
        return true;
    }

    /** It has {@code advance} from now on of what {@code object} has, which it was before. */
    void advance(NamedEventfd eventfd, long object, long advance) {
        eventfd.advance(object, advance);
        ledger.advanced(eventfd.identity(), object, advance);
    }

    /** Ends all who wait on it, and closes the daemon's descriptor. */
    void remove(NamedEventfd eventfd) throws IOException {
        names.remove(eventfd);
        quota.add(eventfd.owner().uid(), -1);
        ledger.removed(eventfd.identity());
        waits.delete(eventfd);
    }

    /** Another limit; what there is above it stays. */
    void limit(Limits.Limit limit) {
        quota.limit(limit);
    }

    int size() {
        return quota.inAll();
    }

    /** How many each user has that has some. */
    Map<Integer, Integer> sizeByUser() {
        return quota.byUser();
    }
}
