package io.eventfdd.internal.leases;

import io.eventfdd.internal.wire.LeaseHolder;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.internal.wire.LeaseState;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A transport whose daemon grants every lease at once. */
abstract class GrantingDaemon implements LeaseTransport {
    /** How long it may take for an answer, and more than any test needs. */
    static final Duration LONG = Duration.ofSeconds(20);

    @Override
    public Duration patience() {
        return LONG;
    }

    @Override
    public LeaseHolder withoutProcess() {
        return new LeaseHolder.OfConnection();
    }

    @Override
    public Optional<Granted> take(LeaseRequest request, Stop stop) {
        var holder = new LeaseState.Holder(LeaseState.Kind.PROCESS, 1, 0);
        var state =
                new LeaseState(
                        "x", request.take(), List.of(), holder, Instant.EPOCH, Optional.empty());
        return Optional.of(new Granted(state, Optional.empty()));
    }

    @Override
    public void close() {}
}
