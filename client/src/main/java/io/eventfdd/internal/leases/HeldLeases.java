package io.eventfdd.internal.leases;

import io.eventfdd.client.EventfdLease;
import io.eventfdd.client.EventfddException;
import io.eventfdd.client.InvalidRequestException;
import io.eventfdd.client.UnsupportedException;
import io.eventfdd.internal.Completions;
import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.Failures;
import io.eventfdd.internal.LongestWait;
import io.eventfdd.internal.VirtualThreads;
import io.eventfdd.internal.WaitFuture;
import io.eventfdd.internal.wire.LeaseHolder;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.internal.wire.ProblemException;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Takes leases for one client over one transport, and knows those that it holds: the client's close
 * releases them. The thread {@code eventfdd-client-leases}, which is there while there are leases,
 * tells the time; it never waits for the daemon. For all threads.
 */
public final class HeldLeases implements AutoCloseable {
    /** Why a lease has lapsed that the daemon does not know. */
    static final String UNKNOWN = "the daemon does not know it any more";

    private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final LeaseTransport transport;
    private final LongestWait longestWait;
    private final Duration outage;
    private final Executor executor;
    private final ScheduledThreadPoolExecutor timer;
    private final Resumption resumption;
    private final Set<HeldLease> held = ConcurrentHashMap.newKeySet();
    private final Set<Stop> waits = ConcurrentHashMap.newKeySet();

    /** Whether the kernel cannot tell the daemon which process asks. */
    private volatile boolean withoutProcess;

    private volatile boolean closed;

    /**
     * None so far.
     *
     * @param longestWait how long the daemon lets a call wait
     * @param outage how long the daemon may be away
     * @param executor where futures are completed
     */
    public HeldLeases(
            LeaseTransport transport, LongestWait longestWait, Duration outage, Executor executor) {
        this.transport = transport;
        this.longestWait = longestWait;
        this.outage = outage;
        this.executor = new Completions(executor);
        this.timer = new ScheduledThreadPoolExecutor(1, HeldLeases::thread);
        timer.setRemoveOnCancelPolicy(true);
        timer.setKeepAliveTime(1, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        timer.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
        this.resumption = new Resumption(held, timer, transport);
    }

    private static Thread thread(Runnable task) {
        var thread = new Thread(task, "eventfdd-client-leases");
        thread.setDaemon(true);
        return thread;
    }

    LeaseTransport transport() {
        return transport;
    }

    Duration outage() {
        return outage;
    }

    Executor executor() {
        return executor;
    }

    ScheduledThreadPoolExecutor timer() {
        return timer;
    }

    boolean isClosed() {
        return closed;
    }

    // Taking

    /** Takes a lease if its permits are there; an interrupt is kept for later. */
    public Optional<EventfdLease> takeNow(LeaseWish wish) {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    return take(wish, Deadline.in(Duration.ZERO), new Stop());
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Takes a lease as soon as its permits are there; empty if they are not until {@code deadline}.
     *
     * @param stop with which others end the wait
     * @throws InterruptedException if the thread was interrupted; nothing was taken
     */
    public Optional<EventfdLease> take(LeaseWish wish, Deadline deadline, Stop stop)
            throws InterruptedException {
        waits.add(stop);
        try {
            checkOpen();
            return takeBy(wish, deadline, stop).map(EventfdLease.class::cast);
        } catch (ProblemException e) {
            throw Failures.of(e);
        } catch (EventfddException e) {
            checkOpen();
            throw e;
        } finally {
            waits.remove(stop);
        }
    }

    private void checkOpen() {
        if (closed) {
            throw Failures.clientClosed();
        }
    }

    private Optional<HeldLease> takeBy(LeaseWish wish, Deadline deadline, Stop stop)
            throws InterruptedException {
        if (wish.holder().isPresent()) {
            return take(wish, wish.holder().get(), deadline, stop);
        }
        if (!withoutProcess) {
            try {
                return take(wish, new LeaseHolder.OfProcess(), deadline, stop);
            } catch (UnsupportedException e) {
                withoutProcess = true;
            }
        }
        return take(wish, transport.withoutProcess(), deadline, stop);
    }

    private Optional<HeldLease> take(
            LeaseWish wish, LeaseHolder holder, Deadline deadline, Stop stop)
            throws InterruptedException {
        long generation =
                holder instanceof LeaseHolder.OfProcess
                        ? resumption.generation()
                        : Sentinel.UNKNOWN;
        do {
            var time = deadline.leftAtMost(longestWait);
            long sent = System.nanoTime();
            var granted = take(wish.request(holder, time), time, stop);
            if (granted.isPresent()) {
                var lease = lease(granted.get(), holder, generation);
                if (begin(lease, sent)) {
                    return Optional.of(lease);
                }
            }
        } while (!deadline.hasPassed());
        return Optional.empty();
    }

    /** The result is also empty if the daemon lets no call wait for {@code time} any more. */
    private Optional<LeaseTransport.Granted> take(LeaseRequest request, Duration time, Stop stop)
            throws InterruptedException {
        try {
            return transport.take(request, stop);
        } catch (InvalidRequestException e) {
            if (longestWait.isExceededBy(time)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private HeldLease lease(LeaseTransport.Granted granted, LeaseHolder holder, long generation) {
        if (holder instanceof LeaseHolder.For time) {
            return new HeldLease(this, granted.state(), Optional.of(time.time()), Optional.empty());
        }
        var tether =
                granted.connection()
                        .map(connection -> resumption.tetherTo(connection))
                        .orElseGet(() -> resumption.tetherToProcess(generation));
        return new HeldLease(this, granted.state(), Optional.empty(), Optional.of(tether));
    }

    /** Keeps {@code lease} from now on; false if it has lapsed on its way. */
    private boolean begin(HeldLease lease, long sent) {
        held.add(lease);
        if (closed) {
            lease.discard();
            throw Failures.clientClosed();
        }
        try {
            if (lease.tether().isPresent()) {
                resumption.begin();
            }
            boolean isThere = lease.renewal().map(renewal -> renewal.begin(sent)).orElse(true);
            if (!isThere) {
                held.remove(lease);
            }
            return isThere;
        } catch (EventfddException e) {
            lease.discard();
            throw e;
        } catch (Error e) {
            // There is no thread to be had that sees to it.
            closeNow(lease, e);
            throw e;
        }
    }

    private static void closeNow(HeldLease lease, Error cause) {
        try {
            lease.close();
        } catch (EventfddException e) {
            cause.addSuppressed(e);
        }
    }

    /** Takes a lease later: on a thread of its own, which ends when the future is done. */
    public CompletableFuture<EventfdLease> takeLater(LeaseWish wish, Stop stop) {
        var future = new WaitFuture<EventfdLease>(stop::stop);
        VirtualThreads.startAny(
                "eventfdd-client-lease",
                () -> {
                    try {
                        var lease = take(wish, Deadline.NEVER, stop).orElseThrow();
                        executor.execute(() -> deliver(lease, future));
                    } catch (InterruptedException | RuntimeException | Error e) {
                        executor.execute(() -> future.fail(e));
                    }
                });
        return future;
    }

    /** Releases the lease if somebody completed or cancelled the future first. */
    private static void deliver(EventfdLease lease, WaitFuture<EventfdLease> future) {
        if (!future.deliver(lease) && lease instanceof HeldLease unwanted) {
            unwanted.discard();
        }
    }

    // Ending

    /** {@code lease} has ended. */
    void left(HeldLease lease) {
        held.remove(lease);
    }

    /** Does {@code task} on another thread, again and again until it says that it is done. */
    void untilDone(BooleanSupplier task) {
        try {
            VirtualThreads.startPlatform(
                    "eventfdd-client-discard",
                    () -> {
                        while (!task.getAsBoolean()) {
                            LockSupport.parkNanos(LONGEST_PAUSE_NANOS);
                        }
                    });
        } catch (Error e) {
            // There is no thread to be had now.
            var unused =
                    timer.schedule(
                            () -> untilDone(task), LONGEST_PAUSE_NANOS, TimeUnit.NANOSECONDS);
        }
    }

    /**
     * Ends the waits, and releases what is held. If no daemon answers at once, the leases lapse
     * with their holders.
     */
    @Override
    public void close() {
        closed = true;
        waits.forEach(Stop::stop);
        try {
            List.copyOf(held).forEach(lease -> lease.release(Duration.ZERO));
        } catch (EventfddException e) {
            // The next ones would fail as well.
        }
        List.copyOf(held).forEach(HeldLease::abandon);
        timer.shutdown();
        resumption.close();
        transport.close();
    }
}
