package io.eventfdd.server.eventfds;

import static java.util.Objects.requireNonNull;

import io.eventfdd.client.EventfdName;
import io.eventfdd.internal.wire.LeaseShare;

import org.jspecify.annotations.Nullable;

/**
 * The part of a lease that concerns one eventfd. After a restart the eventfd may be restored later
 * than the lease; until then the part is open. Only the loop's thread changes it.
 */
final class Part {
    final LeaseShare share;

    /**
     * The identity of the eventfd, which decides about rights; null if it was deleted before a
     * restart.
     */
    private volatile @Nullable Identity identity;

    private @Nullable NamedEventfd eventfd;
    private boolean settled;

    private Part(LeaseShare share) {
        this.share = share;
    }

    /** The part that concerns {@code eventfd}. */
    static Part of(LeaseShare share, NamedEventfd eventfd) {
        var part = new Part(share);
        part.settle(eventfd);
        return part;
    }

    /** A part whose eventfd is not known yet. */
    static Part open(LeaseShare share) {
        return new Part(share);
    }

    EventfdName name() {
        return share.name();
    }

    long value() {
        return share.value();
    }

    @Nullable Identity identity() {
        return identity;
    }

    /** Sets the eventfd of an open part. */
    void settle(NamedEventfd found) {
        eventfd = found;
        identity = found.identity();
        settled = true;
    }

    /** Notes that the eventfd is gone. */
    void settleAsGone() {
        settled = true;
    }

    /** The eventfd, which must be known. */
    NamedEventfd target() {
        return requireNonNull(eventfd);
    }

    /** Whether the eventfd is known, or known to be gone. */
    boolean isSettled() {
        return settled;
    }

    /** Whether the eventfd is known to be gone. */
    boolean isGone() {
        return settled && eventfd() == null;
    }

    /** The eventfd; null if it is gone or not known. */
    @Nullable NamedEventfd eventfd() {
        return eventfd == null || eventfd.deleted ? null : eventfd;
    }
}
