package io.eventfdd.internal.leases;

import io.eventfdd.internal.wire.LeaseHolder;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.internal.wire.LeaseShare;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The lease that a caller wants.
 *
 * @param take the permits that it takes
 * @param give what the daemon writes if it lapses
 * @param holder what holds it; empty for what suits the transport and the kernel best
 */
public record LeaseWish(
        List<LeaseShare> take, List<LeaseShare> give, Optional<LeaseHolder> holder) {
    /** Copies the lists. */
    public LeaseWish {
        take = List.copyOf(take);
        give = List.copyOf(give);
    }

    /** The wish for a lease that only takes {@code share}. */
    public static LeaseWish of(LeaseShare share) {
        return new LeaseWish(List.of(share), List.of(), Optional.empty());
    }

    LeaseRequest request(LeaseHolder by, Duration timeout) {
        return new LeaseRequest(take, give, by, timeout);
    }
}
