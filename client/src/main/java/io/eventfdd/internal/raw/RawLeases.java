package io.eventfdd.internal.raw;

import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.DaemonFaultException;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.Failures;
import io.eventfdd.internal.Outage;
import io.eventfdd.internal.VirtualThreads;
import io.eventfdd.internal.leases.LeaseTransport;
import io.eventfdd.internal.leases.Stop;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.JsonObject;
import io.eventfdd.internal.wire.LeaseHolder;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.internal.wire.LeaseState;
import io.eventfdd.internal.wire.Op;
import io.eventfdd.internal.wire.ProblemException;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Leases over {@code fd.sock}. A request that waits has its own connection, because the daemon
 * serves each connection in order. Connections are kept for later requests. Safe for all threads.
 */
final class RawLeases implements LeaseTransport {
    private static final int MOST_IDLE = 8;

    /** How long a close waits for requests that are under way. */
    private static final long CLOSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(20);

    private final Path path;
    private final Duration patience;
    private final Duration outage;
    private final RawWaits waits;
    private final ConcurrentLinkedDeque<PacketLink> idle = new ConcurrentLinkedDeque<>();
    private final AtomicInteger idleCount = new AtomicInteger();
    private final Set<PacketLink> busy = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /**
     * Starts without a connection.
     *
     * @param patience how long the daemon may take to answer
     * @param outage how long the daemon may be away
     */
    RawLeases(Path path, Duration patience, Duration outage, RawWaits waits) {
        this.path = path;
        this.patience = patience;
        this.outage = outage;
        this.waits = waits;
    }

    Path path() {
        return path;
    }

    @Override
    public Duration patience() {
        return patience;
    }

    @Override
    public LeaseHolder withoutProcess() {
        return new LeaseHolder.OfConnection();
    }

    // Connections

    /** A connection that is kept from before; empty if there is none. */
    Optional<PacketLink> idle() {
        var link = Optional.ofNullable(idle.pollFirst());
        link.ifPresent(one -> idleCount.decrementAndGet());
        return link;
    }

    /** A new connection. */
    PacketLink connected() {
        return PacketLink.connect(path, patience, waits);
    }

    /**
     * Notes that a request begins on {@code link}. After the close only platform threads may wait,
     * because the epoll thread, which waits for the others, ends.
     */
    void begin(PacketLink link) {
        busy.add(link);
        if (closed && VirtualThreads.isCurrent()) {
            over(link);
            throw Failures.clientClosed();
        }
    }

    /** Notes that the request on {@code link} is over. */
    void over(PacketLink link) {
        busy.remove(link);
    }

    /**
     * Keeps the connection of {@code reply} for later requests. The requests of this class are
     * valid, so a problem that says otherwise may be the connection's, and would come again.
     */
    private void giveBack(PacketCall.Reply reply) {
        if (reply.is(ProblemType.INVALID_REQUEST) || reply.is(ProblemType.INTERNAL)) {
            reply.link().close();
        } else {
            giveBack(reply.link());
        }
    }

    private void giveBack(PacketLink link) {
        if (closed || link.isEnded()) {
            link.close();
        } else if (idleCount.incrementAndGet() > MOST_IDLE) {
            idleCount.decrementAndGet();
            link.close();
        } else {
            idle.addFirst(link);
            if (closed) {
                closeIdle();
            }
        }
    }

    private void closeIdle() {
        for (var link = idle(); link.isPresent(); link = idle()) {
            link.get().close();
        }
    }

    @Override
    public Connection connect() {
        return connected();
    }

    // Requests

    @Override
    public Optional<Granted> take(LeaseRequest request, Stop stop) throws InterruptedException {
        var longest = patience.plus(request.timeout());
        var until = Deadline.in(request.timeout());
        Supplier<JsonObject> packet = () -> request.within(until.left()).toPacket();
        var away = new Outage(outage, true);
        var reply = new PacketCall(this, Op.LEASE, packet, longest, away, true, stop).reply();
        boolean isOfConnection = request.holder() instanceof LeaseHolder.OfConnection;
        boolean kept = false;
        try {
            reply.check();
            if (!reply.fields().has("holder")) {
                return Optional.empty();
            }
            var state = state(reply.fields());
            kept = isOfConnection;
            return Optional.of(
                    new Granted(state, kept ? Optional.of(reply.link()) : Optional.empty()));
        } finally {
            if (!kept) {
                giveBack(reply);
            }
        }
    }

    private static LeaseState state(JsonFields fields) {
        try {
            return LeaseState.from(fields);
        } catch (ProblemException e) {
            throw new DaemonFaultException("not an answer of eventfdd: " + e.getMessage(), null, e);
        }
    }

    /** Makes a request that does not wait. An interrupt is kept for later. */
    private PacketCall.Reply ask(Op op, String id, Duration longest, Duration away) {
        boolean interrupted = Thread.interrupted();
        try {
            var request = op.request().put("id", id);
            var between = new Outage(away, false);
            return new PacketCall(this, op, () -> request, longest, between, false, new Stop())
                    .reply();
        } catch (InterruptedException e) {
            throw new AssertionError("an interrupt does not end it", e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void release(String id, Duration away) {
        var reply = ask(Op.RELEASE, id, patience, away);
        giveBack(reply);
        if (!reply.is(ProblemType.NOT_FOUND)) {
            reply.check();
        }
    }

    @Override
    public boolean commit(String id) {
        var reply = ask(Op.COMMIT, id, patience, outage);
        giveBack(reply);
        if (!reply.is(ProblemType.NOT_FOUND)) {
            reply.check();
            return true;
        }
        if (reply.inDoubt()) {
            throw new ConnectionLostException(
                    "commit on "
                            + path
                            + ": the connection ended; whether it was carried out is not known",
                    null);
        }
        return false;
    }

    @Override
    public boolean renew(String id, Duration longest) {
        var reply = ask(Op.RENEW, id, longest, Duration.ZERO);
        giveBack(reply);
        if (reply.is(ProblemType.NOT_FOUND)) {
            return false;
        }
        reply.check();
        return true;
    }

    @Override
    public Optional<Connection> resume(String id) {
        var reply = ask(Op.RESUME, id, patience, Duration.ZERO);
        if (reply.problem().isEmpty()) {
            return Optional.of(reply.link());
        }
        giveBack(reply);
        if (!reply.is(ProblemType.NOT_FOUND)) {
            reply.check();
        }
        return Optional.empty();
    }

    @Override
    public void close() {
        closed = true;
        busy.forEach(PacketLink::end);
        long start = System.nanoTime();
        while (!busy.isEmpty() && System.nanoTime() - start < CLOSE_NANOS) {
            if (Thread.currentThread().isInterrupted()) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
        closeIdle();
    }
}
