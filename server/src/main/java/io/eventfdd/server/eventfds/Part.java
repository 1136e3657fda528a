package io.eventfdd.server.eventfds;

import static java.util.Objects.requireNonNull;

import io.eventfdd.client.EventfdName;
import io.eventfdd.internal.wire.LeaseShare;

import org.jspecify.annotations.Nullable;

/**
 * What a lease has to do with one eventfd. After a restart the eventfd may come later than the
 * lease: until then the part is open. Changed by the loop's thread alone.
 */
final class Part {
    final LeaseShare share;

    /** What rights on it depend on; null if it was deleted before a restart. */
    private volatile @Nullable Identity identity;

    private @Nullable NamedEventfd eventfd;
    private boolean settled;

    private Part(LeaseShare share) {
        this.share = share;
    }

    /** That of {@code eventfd}. */
    static Part of(LeaseShare share, NamedEventfd eventfd) {
        var part = new Part(share);
        part.settle(eventfd);
        return part;
    }

    /** One whose eventfd is not known yet. */
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

    /** This is its eventfd. */
    void settle(NamedEventfd found) {
        eventfd = found;
        identity = found.identity();
        settled = true;
    }

    /** There is no eventfd for it any more. */
    void settleAsGone() {
        settled = true;
    }

    /** Its eventfd, which is known. */
    NamedEventfd target() {
        return requireNonNull(eventfd);
    }

    /** Whether it is known what its eventfd is, or that it is gone. */
    boolean isSettled() {
        return settled;
    }

    /** Its eventfd; null if that is gone or not known. */
    @Nullable NamedEventfd eventfd() {
        return eventfd == null || eventfd.deleted ? null : eventfd;
    }
}
