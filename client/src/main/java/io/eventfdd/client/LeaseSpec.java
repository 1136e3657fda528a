package io.eventfdd.client;

import io.eventfdd.internal.leases.LeaseWish;
import io.eventfdd.internal.wire.LeaseHolder;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.internal.wire.LeaseShare;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a lease takes, what it gives if it lapses, and what holds it. Each method makes another
 * spec.
 *
 * <pre>{@code
 * client.openSemaphore("licences", 3).close();
 * client.openSemaphore("gpus", 1).close();
 * LeaseSpec spec = LeaseSpec.of("licences", 2).and("gpus", 1).giving("orders", 1);
 * try (EventfdLease lease = client.lease(spec)) {
 *     System.out.println(lease.permits()); // 3
 * }
 * }</pre>
 */
public final class LeaseSpec {
    private final LeaseWish wish;

    private LeaseSpec(LeaseWish wish) {
        this.wish = wish;
    }

    /** A lease that takes nothing; it has to give something. */
    public static LeaseSpec nothing() {
        return new LeaseSpec(new LeaseWish(List.of(), List.of(), Optional.empty()));
    }

    /**
     * A lease that takes {@code permits} from the semaphore {@code name}.
     *
     * @param permits 1 to 1,024
     */
    public static LeaseSpec of(String name, int permits) {
        return nothing().and(name, permits);
    }

    /**
     * This spec, but the lease also takes {@code permits} from the semaphore {@code name}, at the
     * same moment. A lease takes from 64 names at most, and 1,024 permits in all.
     *
     * @param permits 1 to 1,024
     */
    public LeaseSpec and(String name, int permits) {
        var take = with(wish.take(), share("take", name, permits, LeaseRequest.MAX_PERMITS));
        return new LeaseSpec(new LeaseWish(take, wish.give(), wish.holder()));
    }

    /**
     * This spec, but when the lease lapses, the daemon adds {@code value} to the eventfd {@code
     * name}, of either mode. A lease gives to 64 names at most.
     *
     * @param value 1 to 2^64-2, unsigned
     */
    public LeaseSpec giving(String name, long value) {
        var give = with(wish.give(), share("give", name, value, Count.MAX));
        return new LeaseSpec(new LeaseWish(wish.take(), give, wish.holder()));
    }

    /**
     * This spec, but the lease is held by this process, until it ends.
     *
     * @see UnsupportedException
     */
    public LeaseSpec heldByProcess() {
        return heldBy(new LeaseHolder.OfProcess());
    }

    /**
     * This spec, but the lease is held by a connection of this client. Each such lease needs a
     * connection of its own. If the daemon ends, the client resumes the lease at the next one,
     * within {@code reclaim-time}.
     */
    public LeaseSpec heldByConnection() {
        return heldBy(new LeaseHolder.OfConnection());
    }

    /**
     * This spec, but the lease is held for {@code time} from its last renewal. The client renews
     * it.
     *
     * @param time 1 s to {@code max-lease}
     */
    public LeaseSpec heldFor(Duration time) {
        if (time.compareTo(LeaseHolder.SHORTEST) < 0 || time.compareTo(LeaseHolder.LONGEST) > 0) {
            throw new InvalidRequestException(
                    ProblemType.INVALID_VALUE, "holder: " + time + " is not 1 s to max-lease");
        }
        return heldBy(new LeaseHolder.For(time));
    }

    private LeaseSpec heldBy(LeaseHolder holder) {
        return new LeaseSpec(new LeaseWish(wish.take(), wish.give(), Optional.of(holder)));
    }

    private static List<LeaseShare> with(List<LeaseShare> shares, LeaseShare another) {
        var all = new ArrayList<>(shares);
        all.add(another);
        return all;
    }

    static LeaseShare share(String field, String name, long value, long most) {
        var checked = new EventfdName(name);
        if (value == 0 || Long.compareUnsigned(value, most) > 0) {
            throw new InvalidRequestException(
                    ProblemType.INVALID_VALUE,
                    field
                            + ": "
                            + (most == Count.MAX ? Count.toString(value) : value)
                            + " for "
                            + name
                            + " is not 1 to "
                            + Count.toString(most));
        }
        return new LeaseShare(checked, value);
    }

    LeaseWish wish() {
        return wish;
    }

    @Override
    public String toString() {
        return "lease on "
                + wish.take().stream()
                        .map(share -> share.value() + " of " + share.name())
                        .collect(Collectors.joining(", "));
    }
}
