package io.eventfdd.internal.leases;

import io.eventfdd.client.EventfddException;
import io.eventfdd.internal.VirtualThreads;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Renews a lease that is held for a time, and tells its owner in time if that fails. The time is
 * counted from before a request is sent, so that it is over here before it is over at the daemon.
 * The timer only watches it; each renewal has a thread of its own, since the daemon may not answer.
 */
final class Renewal {
    /** As many renewals can be tried in the time of a lease. */
    private static final int PARTS = 3;

    private static final int MARGIN_PART = 10;
    private static final long LONGEST_MARGIN_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final HeldLeases leases;
    private final HeldLease lease;
    private final long termNanos;

    /** The time less a margin for telling the owner. */
    private final long safeNanos;

    private volatile String lastFailure = "no answer came in time";

    // Changed under the lock, once this has begun.

    /** When the last renewal that succeeded was sent. */
    private volatile long sent;

    /** Nobody renews it any more; its time may still run. */
    private volatile boolean stopped;

    private Future<?> timer = CompletableFuture.completedFuture(null);

    Renewal(HeldLeases leases, HeldLease lease, Duration term) {
        this.leases = leases;
        this.lease = lease;
        this.termNanos = term.toNanos();
        this.safeNanos = termNanos - Math.min(termNanos / MARGIN_PART, LONGEST_MARGIN_NANOS);
    }

    /**
     * Begins, with a lease that was asked for at {@code nanoTime}. If it was granted so much later
     * that the time since is not known well, it is renewed at once; false if it has lapsed.
     */
    boolean begin(long nanoTime) {
        sent = nanoTime;
        long from = nanoTime;
        if (System.nanoTime() - nanoTime >= termNanos / PARTS) {
            from = System.nanoTime();
            if (!leases.transport().renew(lease.id(), leases.transport().patience())) {
                return false;
            }
        }
        countFrom(from);
        return true;
    }

    /** Whether the time is over, as far as it may be used. */
    boolean isOver() {
        return left() <= 0;
    }

    private long left() {
        return sent + safeNanos - System.nanoTime();
    }

    /**
     * Counts the time from {@code nanoTime}, when a request was sent. The timer looks when the next
     * renewal is due, and when the time is over.
     */
    private synchronized void countFrom(long nanoTime) {
        sent = nanoTime;
        if (stopped) {
            return;
        }
        long due = sent + termNanos / PARTS;
        timer.cancel(false);
        timer =
                leases.timer()
                        .schedule(
                                this::renewInTime,
                                Math.max(0, due - System.nanoTime()),
                                TimeUnit.NANOSECONDS);
    }

    private synchronized void renewInTime() {
        if (!stopped) {
            tellAtTheEnd();
            beginToRenew();
        }
    }

    private void beginToRenew() {
        if (!isMeant()) {
            return;
        }
        try {
            VirtualThreads.startAny("eventfdd-client-renewal", this::renew);
        } catch (Error e) {
            // There is no thread to be had now.
            lastFailure = String.valueOf(e.getMessage());
            var unused =
                    leases.timer().schedule(this::beginToRenew, PAUSE_NANOS, TimeUnit.NANOSECONDS);
        }
    }

    /** Whether a renewal would be of use. */
    private boolean isMeant() {
        return !stopped && lease.isToBeKept() && !isOver();
    }

    /** The owner is told when the time is over, unless a renewal comes before. */
    synchronized void tellAtTheEnd() {
        timer =
                leases.timer()
                        .schedule(this::tellIfOver, Math.max(0, left()), TimeUnit.NANOSECONDS);
    }

    private void tellIfOver() {
        if (isOver()) {
            tell();
        }
    }

    /** The time is over. */
    void tell() {
        lease.lapse("it could not be renewed: " + lastFailure);
    }

    private void renew() {
        while (isMeant()) {
            long now = System.nanoTime();
            try {
                if (!leases.transport().renew(lease.id(), Duration.ofNanos(left()))) {
                    lease.lapse(HeldLeases.UNKNOWN);
                    return;
                }
                renewed(now);
                return;
            } catch (EventfddException | Error e) {
                // An error if there is no thread to be had that connects.
                lastFailure = String.valueOf(e.getMessage());
            }
            LockSupport.parkNanos(Math.min(PAUSE_NANOS, Math.max(1, left())));
        }
    }

    /** A renewal that comes too late is none: the owner was told. */
    private synchronized void renewed(long when) {
        if (!stopped && !isOver()) {
            countFrom(when);
        }
    }

    /** The lease has ended, or its owner ends it: nobody renews it any more. */
    synchronized void stop() {
        stopped = true;
        timer.cancel(false);
    }
}
