package io.eventfdd.internal.raw;

import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.DaemonFaultException;
import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.client.EventfddException;
import io.eventfdd.client.LimitException;
import io.eventfdd.client.ProblemType;
import io.eventfdd.client.ShuttingDownException;
import io.eventfdd.internal.Failures;
import io.eventfdd.internal.Outage;
import io.eventfdd.internal.VirtualThreads;
import io.eventfdd.internal.linux.Errno;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.PacketBuffer;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.wire.DonateReply;
import io.eventfdd.internal.wire.DonateRequest;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.OpenReply;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.ProblemDocument;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.Timeout;

import org.jspecify.annotations.Nullable;

import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * The connection to {@code fd.sock}, over which descriptors come, as client/PROTOCOL.md describes.
 * It is kept open, and connected again if it has ended. Safe for all threads; one request at a time
 * is under way.
 */
final class FdSocket implements AutoCloseable {
    /** Descriptors and the daemon's reply about them, in the order of the request. */
    record Opened(OpenReply reply, List<Fd> fds) {}

    /** The daemon's reply to a donation, with the descriptors of the eventfds that replace some. */
    record Donated(DonateReply reply, List<Fd> fds) {}

    /** Is told when the connection begins and ends, under its lock. */
    interface Life {
        /** The connection is made. */
        void began(SeqPacketSocket connection);

        /** The connection is about to be closed. */
        void ends(SeqPacketSocket connection);
    }

    private static final System.Logger LOGGER = System.getLogger(FdSocket.class.getName());

    /** The name of a thread that opens eventfds on behalf of a virtual thread. */
    private static final String THREAD = "eventfdd-client-open";

    private final Path path;
    private final Duration patience;
    private final Duration outage;
    private final Life life;
    private final ReentrantLock lock = new ReentrantLock();

    /** The lock guards it. */
    private @Nullable PacketBuffer buffer;

    // These are written under the lock, except that a close does not wait for a request.
    private volatile @Nullable SeqPacketSocket connection;
    private volatile boolean wasThere;
    private volatile boolean closed;

    /** The number of times that the daemon did not answer in time. */
    private final AtomicInteger silences = new AtomicInteger();

    /**
     * Creates a connection, which is not made yet.
     *
     * @param patience how long an answer may take
     * @param outage how long the daemon may be away after it was there
     */
    FdSocket(Path path, Duration patience, Duration outage, Life life) {
        this.path = path;
        this.patience = patience;
        this.outage = outage;
        this.life = life;
    }

    /** Connects, so that a missing daemon is noticed early. */
    void connect() {
        VirtualThreads.onPlatform(
                THREAD,
                () -> {
                    lock.lock();
                    try {
                        return connected();
                    } finally {
                        lock.unlock();
                    }
                });
    }

    /** As {@link #connect}, but replaces a connection that has ended. */
    void reconnect() {
        lock.lock();
        try {
            if (connection != null && hasEnded(connection)) {
                disconnect();
            }
            var unused = connected();
        } finally {
            lock.unlock();
        }
    }

    /** Whether there is a connection that has not ended. */
    boolean isConnected() {
        lock.lock();
        try {
            return connection != null && !hasEnded(connection);
        } finally {
            lock.unlock();
        }
    }

    /** Ends the connection, so that the next request is made on a new one. */
    void discard() {
        lock.lock();
        try {
            disconnect();
        } finally {
            lock.unlock();
        }
    }

    private boolean hasEnded(SeqPacketSocket socket) {
        try {
            return socket.peek(buffer()).next() == SeqPacketSocket.Next.END;
        } catch (ErrnoException e) {
            return true;
        }
    }

    /**
     * Sends {@code request} and returns the reply. If a daemon ends before it replies, the request
     * goes to the next one. The caller owns the descriptors.
     */
    Opened open(OpenRequest request) {
        return VirtualThreads.onPlatform(
                THREAD,
                () -> {
                    var away = new Outage(outage, false);
                    while (true) {
                        try {
                            return openNow(request);
                        } catch (DaemonUnavailableException | ShuttingDownException e) {
                            if (!pause(away)) {
                                checkOpen();
                                throw e;
                            }
                        }
                    }
                });
    }

    private Opened openNow(OpenRequest request) {
        int before = silences.get();
        lock.lock();
        try {
            if (silences.get() != before) {
                // The times of many requests, one after the other, would be very long.
                throw new DaemonUnavailableException(
                        "no daemon answers at "
                                + path
                                + ": a request before this one got no answer in "
                                + Timeout.format(patience),
                        null);
            }
            return exchange(request);
        } catch (ErrnoException e) {
            disconnect();
            throw Failures.of(e);
        } finally {
            lock.unlock();
        }
    }

    /** Waits without the lock, so that other threads can close this meanwhile. */
    private boolean pause(Outage away) {
        try {
            return wasThere && away.pause();
        } catch (InterruptedException e) {
            throw new AssertionError("an interrupt does not end it", e);
        }
    }

    /**
     * Brings {@code request}'s eventfds to the daemon.
     *
     * @param eventfds their descriptors, which stay open during the call
     * @return the reply, with the descriptors of the eventfds that replace some, which the caller
     *     owns
     */
    Donated donate(DonateRequest request, List<Fd> eventfds) {
        lock.lock();
        try {
            var what = "donation of " + eventfds.size() + " eventfds";
            var reply = exchange(Json.bytes(request.toJson()), eventfds, what, false);
            if (reply == null) {
                disconnect();
                throw lost(what, "the connection ended");
            }
            return donated(request, reply);
        } catch (ErrnoException e) {
            disconnect();
            throw Failures.of(e);
        } finally {
            lock.unlock();
        }
    }

    private static Donated donated(DonateRequest request, Received.Packet packet) {
        return read(
                packet,
                type -> type,
                fields -> {
                    var reply = DonateReply.from(fields);
                    long replaced =
                            reply.entries().stream()
                                    .filter(it -> it.result() == DonateReply.Result.REPLACED)
                                    .count();
                    if (reply.entries().size() != request.entries().size()
                            || replaced != packet.fds().size()) {
                        throw notAsked(request.entries().size(), reply.entries().size(), packet);
                    }
                    return new Donated(reply, packet.fds());
                });
    }

    private Opened exchange(OpenRequest request) throws ErrnoException {
        var packet = Json.bytes(request.toJson());
        var what = what(request);
        boolean kept = connection != null;
        // If the request was exclusive, it is not known whether the eventfd was created; any other
        // request finds what it created before.
        boolean repeats = request.entries().stream().noneMatch(OpenRequest.Entry::exclusive);
        var reply = exchange(packet, List.of(), what, repeats);
        if (reply == null && kept) {
            // The daemon had closed the kept connection, or another daemon serves by now.
            disconnect();
            reply = exchange(packet, List.of(), what, repeats);
        }
        if (reply == null) {
            disconnect();
            throw new DaemonUnavailableException(
                    "no daemon answers at " + path + ": it closed the connection", null);
        }
        return opened(request, reply);
    }

    private static String what(OpenRequest request) {
        boolean creates = request.entries().stream().anyMatch(entry -> entry.create() != null);
        return (creates ? "opening or making of " : "opening of ")
                + request.entries().size()
                + " eventfds";
    }

    /**
     * Returns null if the connection ended before the daemon got the request, or before it answered
     * a request that {@code repeats}, which means that it may be carried out twice.
     */
    private Received.@Nullable Packet exchange(
            byte[] packet, List<Fd> fds, String what, boolean repeats) throws ErrnoException {
        var socket = connected();
        var room = buffer();
        switch (socket.send(room, packet, fds, patience)) {
            case DONE -> {}
            case PEER_GONE -> {
                return null;
            }
            case WOULD_BLOCK, TOO_MANY_IN_FLIGHT -> {
                throw silent(
                        lost(what, "it did not take the request in " + Timeout.format(patience)));
            }
        }
        var received = socket.receive(room, patience);
        if (received instanceof Received.Packet reply) {
            return reply;
        }
        if (repeats && received != Received.Nothing.YET) {
            return null;
        }
        disconnect();
        if (received == Received.Nothing.YET) {
            throw silent(lost(what, "there was no answer in " + Timeout.format(patience)));
        }
        throw lost(what, "the connection ended; whether it was carried out is not known");
    }

    private static Opened opened(OpenRequest request, Received.Packet packet) {
        return read(
                packet,
                // Over HTTP, a name that exists already has a problem type of its own.
                type ->
                        type == ProblemType.EXISTS
                                        && request.entries().stream()
                                                .anyMatch(OpenRequest.Entry::exclusive)
                                ? ProblemType.PRECONDITION_FAILED
                                : type,
                fields -> {
                    var reply = OpenReply.from(fields);
                    if (reply.entries().size() != request.entries().size()
                            || reply.entries().size() != packet.fds().size()) {
                        throw notAsked(request.entries().size(), reply.entries().size(), packet);
                    }
                    return new Opened(reply, packet.fds());
                });
    }

    /** Reads the packet with {@code reader}. If that fails, the descriptors are closed. */
    private static <T> T read(
            Received.Packet packet,
            UnaryOperator<ProblemType> problems,
            Function<JsonFields, T> reader) {
        try {
            var fields = JsonFields.parse(packet.bytes());
            if (fields.has("type")) {
                var problem = ProblemDocument.from(fields);
                throw Failures.of(problems.apply(problem.type()).problem(problem.detail()));
            }
            if (packet.controlTruncated()) {
                throw new LimitException(
                        "this process has no open file left for the eventfds (EMFILE)", null, null);
            }
            return reader.apply(fields);
        } catch (ProblemException e) {
            packet.closeFds();
            throw new DaemonFaultException("not an answer of eventfdd: " + e.getMessage(), null, e);
        } catch (EventfddException e) {
            packet.closeFds();
            throw e;
        }
    }

    private static DaemonFaultException notAsked(int asked, int got, Received.Packet packet) {
        return new DaemonFaultException(
                "asked for "
                        + asked
                        + " eventfds, got "
                        + got
                        + " and "
                        + packet.fds().size()
                        + " descriptors",
                null,
                null);
    }

    private ConnectionLostException lost(String what, String why) {
        return new ConnectionLostException(what + " on " + path + ": " + why, null);
    }

    /** Counts a silence of the daemon, of which {@code failure} tells. */
    private <E extends EventfddException> E silent(E failure) {
        silences.incrementAndGet();
        return failure;
    }

    private void checkOpen() {
        if (closed) {
            throw Failures.clientClosed();
        }
    }

    private SeqPacketSocket connected() {
        checkOpen();
        var socket = connection;
        if (socket == null) {
            try {
                socket = SeqPacketSocket.connect(path, patience);
            } catch (ErrnoException e) {
                if (e.outOfDescriptors()) {
                    throw Failures.of(e);
                }
                var failure = Failures.unavailable(path, e);
                throw e.is(Errno.ETIMEDOUT) ? silent(failure) : failure;
            }
            begin(socket);
            connection = socket;
            wasThere = true;
            if (closed) {
                disconnect(); // The close may not have seen it.
                throw Failures.clientClosed();
            }
        }
        return socket;
    }

    /** Tells of the beginning. A connection whose end nobody would hear of is not kept. */
    private void begin(SeqPacketSocket socket) {
        try {
            life.began(socket);
        } catch (Error e) {
            // There is no thread to be had.
            socket.close();
            throw e;
        }
    }

    private PacketBuffer buffer() {
        var room = buffer;
        if (room == null) {
            room = new PacketBuffer(OpenRequest.MAX_PACKET, OpenRequest.MAX_ENTRIES);
            buffer = room;
        }
        return room;
    }

    private void disconnect() {
        var socket = connection;
        if (socket != null) {
            life.ends(socket);
            socket.close();
            connection = null;
        }
    }

    /** Ends the request that is under way, and those that wait for it. */
    @Override
    public void close() {
        closed = true;
        cutOff();
        lock.lock();
        try {
            disconnect();
        } finally {
            lock.unlock();
        }
    }

    private void cutOff() {
        var socket = connection;
        if (socket != null && socket.fd().acquire()) {
            try {
                socket.shutdown();
            } catch (ErrnoException e) {
                LOGGER.log(Level.DEBUG, "a request ends only at its time", e);
            } finally {
                socket.fd().release();
            }
        }
    }
}
