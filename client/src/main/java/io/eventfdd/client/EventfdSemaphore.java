package io.eventfdd.client;

import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.leases.HeldLeases;
import io.eventfdd.internal.leases.LeaseWish;
import io.eventfdd.internal.leases.Leasing;
import io.eventfdd.internal.leases.Stop;
import io.eventfdd.internal.wire.LeaseRequest;

import java.io.Closeable;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A semaphore that processes share: the count of an eventfd in semaphore mode is its permits. The
 * methods are named as in {@link java.util.concurrent.Semaphore}. Safe for all threads.
 *
 * <pre>{@code
 * try (EventfdSemaphore workers = client.openSemaphore("workers", 4)) {
 *     workers.acquire();
 *     try {
 *         System.out.println("one of four");
 *     } finally {
 *         workers.release();
 *     }
 * }
 * }</pre>
 *
 * <p>The kernel gives one permit at a time. So there is no {@code acquire(n)}: two callers that
 * have half of their permits would wait for each other.
 *
 * <p><b>Permits that come back.</b> A permit that {@link #acquire} has taken is <em>not</em>
 * leased: if its process is killed, it does not come back. {@link #acquireLease} takes any number
 * of permits, at one moment, that come back by themselves if this process ends. It asks the daemon,
 * so it is slower than {@link #acquire}, which is the kernel's business alone.
 *
 * <p><b>Another eventfd of the name.</b> Over HTTP, each call goes to the eventfd that has the name
 * at that moment. If the name was deleted and is a counter now, a call that would take a permit
 * throws {@link SpecMismatchException} and leaves the count as it is. If it does not exist any
 * more, the call throws {@link NotFoundException}.
 */
public final class EventfdSemaphore implements Closeable {
    private final Eventfd eventfd;

    /** The waits for leases, which end if this is closed. */
    private final Set<Stop> waits = ConcurrentHashMap.newKeySet();

    /**
     * Makes a semaphore of {@code eventfd}, which is closed with the semaphore.
     *
     * @throws IllegalArgumentException if it is not in semaphore mode
     */
    public EventfdSemaphore(Eventfd eventfd) {
        if (!eventfd.isSemaphore()) {
            throw new IllegalArgumentException(eventfd.name() + " is not in semaphore mode");
        }
        this.eventfd = eventfd;
    }

    /**
     * Takes a permit; waits until there is one. The permit is not leased: if this process ends
     * without a {@link #release}, however that comes about, the permit is lost. {@link
     * #acquireLease} takes permits that come back.
     */
    public void acquire() throws InterruptedException {
        checkPermit(eventfd.read());
    }

    /** Takes a permit if there is one; the permit is not leased. */
    public boolean tryAcquire() {
        return isPermit(eventfd.tryRead());
    }

    /**
     * Takes a permit, and waits for one no longer than {@code timeout}; false if there was none.
     * The permit is not leased.
     */
    public boolean tryAcquire(Duration timeout) throws InterruptedException {
        return isPermit(eventfd.read(timeout));
    }

    private boolean isPermit(OptionalLong taken) {
        taken.ifPresent(this::checkPermit);
        return taken.isPresent();
    }

    /** Puts back what was taken, unless it is one permit. */
    private void checkPermit(long taken) {
        if (taken == 1) {
            return;
        }
        eventfd.write(taken);
        throw new SpecMismatchException(
                eventfd.name() + " is a counter by now, and has no permits", null, null);
    }

    /** Adds a permit, whichever process took it. */
    public void release() {
        release(1);
    }

    /** Adds {@code permits} at once. */
    public void release(long permits) {
        eventfd.write(permits);
    }

    // Leases

    /**
     * Takes {@code permits} under a lease, at one moment, and waits until there are as many. Those
     * who wait at the daemon are served in the order of their arrival. {@link EventfddClient#lease}
     * takes from several semaphores, and has other kinds of holders.
     *
     * @param permits 1 to 1,024
     * @throws LimitException if {@code max-leases} or {@code max-leases-per-user} is reached
     * @throws ClosedEventfdException if another thread closes this semaphore
     * @throws InterruptedException if the thread was interrupted, and nothing was taken. If the
     *     lease was granted at that moment, it is returned, and the thread's interrupt status is
     *     set
     */
    public EventfdLease acquireLease(int permits) throws InterruptedException {
        return take(permits, Deadline.NEVER).orElseThrow();
    }

    /**
     * Takes {@code permits} under a lease if there are as many; does not wait for them.
     *
     * @param permits 1 to 1,024
     */
    public Optional<EventfdLease> tryAcquireLease(int permits) {
        checkOpen();
        return leases().takeNow(wish(permits));
    }

    /**
     * Takes {@code permits} as {@link #acquireLease} does, and waits for them no longer than {@code
     * timeout}; empty if there were not as many by then, and nothing was taken.
     *
     * @param permits 1 to 1,024
     */
    public Optional<EventfdLease> tryAcquireLease(int permits, Duration timeout)
            throws InterruptedException {
        return take(permits, Deadline.in(timeout));
    }

    /**
     * Takes {@code permits} as {@link #acquireLease} does. To cancel the future ends the wait; a
     * lease that was granted at that moment is released.
     *
     * @param permits 1 to 1,024
     */
    public CompletableFuture<EventfdLease> acquireLeaseAsync(int permits) {
        checkOpen();
        var wish = wish(permits);
        var stop = begin();
        var future = leases().takeLater(wish, stop);
        var unused = future.whenComplete((lease, failure) -> waits.remove(stop));
        return future;
    }

    private Optional<EventfdLease> take(int permits, Deadline deadline)
            throws InterruptedException {
        checkOpen();
        var stop = begin();
        try {
            return leases().take(wish(permits), deadline, stop);
        } finally {
            waits.remove(stop);
        }
    }

    /** A wait that ends if this is closed. */
    private Stop begin() {
        var stop = new Stop();
        waits.add(stop);
        if (!eventfd.isOpen()) {
            stop.stop();
        }
        return stop;
    }

    private void checkOpen() {
        if (!eventfd.isOpen()) {
            throw new ClosedEventfdException(
                    "the handle on eventfd " + eventfd.name() + " is closed", null);
        }
    }

    private LeaseWish wish(int permits) {
        return LeaseWish.of(
                LeaseSpec.share("permits", eventfd.name(), permits, LeaseRequest.MAX_PERMITS));
    }

    private HeldLeases leases() {
        if (eventfd instanceof Leasing handle) {
            return handle.leases();
        }
        throw new UnsupportedOperationException(eventfd + " was not opened by an EventfddClient");
    }

    // The semaphore

    /** How many permits there are at this moment. */
    public long availablePermits() {
        return eventfd.count();
    }

    /** The eventfd of the semaphore. */
    public Eventfd eventfd() {
        return eventfd;
    }

    @Override
    public void close() {
        eventfd.close();
        waits.forEach(Stop::stop);
    }

    @Override
    public String toString() {
        return "semaphore on " + eventfd;
    }
}
