package io.eventfdd.internal.leases;

import io.eventfdd.client.EventfddException;
import io.eventfdd.internal.VirtualThreads;

import java.util.Collection;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Sees to the leases that are not held for a time: it looks at their connections, which costs the
 * daemon nothing, and resumes them at the next daemon if one has ended. Looks are the timer's; a
 * thread of its own asks the daemon.
 */
final class Resumption implements AutoCloseable {
    /** Several times shorter than the {@code reclaim-time} of a daemon, 5 s. */
    private static final long LOOK_MILLIS = 250;

    private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final Collection<HeldLease> held;
    private final ScheduledThreadPoolExecutor timer;
    private final LeaseTransport transport;
    private final Sentinel sentinel;

    // Guarded by this.
    private boolean looking;
    private boolean closed;

    /**
     * Nothing to look at yet.
     *
     * @param held the leases that are held now
     */
    Resumption(
            Collection<HeldLease> held,
            ScheduledThreadPoolExecutor timer,
            LeaseTransport transport) {
        this.held = held;
        this.timer = timer;
        this.transport = transport;
        this.sentinel = new Sentinel(transport);
    }

    /** The generation of a lease that the process is about to take. */
    long generation() {
        try {
            return sentinel.begin();
        } catch (EventfddException e) {
            // No daemon is there; the request for the lease may wait for the next one.
            return Sentinel.UNKNOWN;
        }
    }

    Tether tetherTo(LeaseTransport.Connection connection) {
        return Tether.to(connection, transport, sentinel);
    }

    Tether tetherToProcess(long generation) {
        return Tether.toProcess(generation, transport, sentinel);
    }

    /** A lease is there to look at. */
    synchronized void begin() {
        if (closed) {
            return;
        } else if (!looking) {
            looking = true;
            lookLater();
        }
        // The look may be due already, from when there was no thread to be had.
        var unused = timer.prestartCoreThread();
    }

    private void lookLater() {
        var unused = timer.schedule(this::look, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private synchronized void look() {
        sentinel.look();
        if (closed || held.stream().noneMatch(lease -> lease.tether().isPresent())) {
            looking = false;
            sentinel.close();
        } else if (isAnyCutOff()) {
            beginToResume();
        } else {
            lookLater();
        }
    }

    private void beginToResume() {
        try {
            VirtualThreads.startPlatform("eventfdd-client-resume", this::resumeAll);
        } catch (Error e) {
            lookLater(); // There is no thread to be had now.
        }
    }

    private static boolean isCutOff(HeldLease lease) {
        return lease.isToBeKept() && lease.tether().filter(Tether::isCutOff).isPresent();
    }

    private void resumeAll() {
        long pause = FIRST_PAUSE_NANOS;
        while (isAnyCutOff()) {
            held.stream().filter(Resumption::isCutOff).forEach(Resumption::resume);
            LockSupport.parkNanos(pause);
            pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
        }
        lookAgain();
    }

    private synchronized boolean isAnyCutOff() {
        return !closed && held.stream().anyMatch(Resumption::isCutOff);
    }

    private static void resume(HeldLease lease) {
        try {
            if (!lease.tether().orElseThrow().resume(lease.id())) {
                lease.lapse(HeldLeases.UNKNOWN);
            }
        } catch (EventfddException | Error e) {
            // No daemon is there yet, or there is not enough memory to ask it.
        }
    }

    private synchronized void lookAgain() {
        if (!closed) {
            lookLater();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        sentinel.end();
    }
}
