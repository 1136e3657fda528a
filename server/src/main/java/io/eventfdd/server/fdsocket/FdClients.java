package io.eventfdd.server.fdsocket;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.PacketBuffer;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.server.eventfds.Eventfds;
import io.eventfdd.server.loop.EventLoop;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The clients of {@code fd.sock}, from their {@linkplain Admission admission} to the end of their
 * connections, and what their connections share: the limits, one buffer, and the descriptors under
 * way. Belongs to the loop's thread, except for what says otherwise.
 */
final class FdClients implements AutoCloseable {
    private final EventLoop loop;
    private final Eventfds eventfds;
    private final FdObserver observer;
    private final Heirs heirs;
    private final Disposal disposal = new Disposal();
    private final LongRequests longRequests;
    private final Flights flights;
    private final PacketBuffer buffer =
            new PacketBuffer(OpenRequest.MAX_PACKET, OpenRequest.MAX_ENTRIES);
    private final Set<FdConnection> connections = new HashSet<>();

    /** The connection of the daemon that takes over. */
    private @Nullable FdConnection heir;

    /** Whether a check is scheduled for clients that do not take their replies. */
    private boolean lookingAfterDeaf;

    // Only the loop's thread writes these fields, and other threads read them.
    private volatile FdLimits limits;
    private volatile long handedOut;

    /**
     * The number of all connections, including those that are still to be closed. The thread of the
     * {@link Disposal} counts it down.
     */
    private final AtomicInteger open = new AtomicInteger();

    /**
     * No clients yet.
     *
     * @param observer is told of each request
     * @param heirs is asked when another daemon wants to take over
     */
    FdClients(
            EventLoop loop, Eventfds eventfds, FdObserver observer, FdLimits limits, Heirs heirs) {
        this.loop = loop;
        this.eventfds = eventfds;
        this.observer = observer;
        this.limits = limits;
        this.heirs = heirs;
        this.longRequests = new LongRequests(loop);
        this.flights = new Flights(limits.fdsInFlight());
    }

    // For the admission

    FdLimits limits() {
        assert loop.inLoop();
        return limits;
    }

    /** Counts a connection, until it is closed. */
    void opened() {
        assert loop.inLoop();
        open.incrementAndGet();
    }

    /** Begins to serve a client. If that fails, the caller still owns {@code socket}. */
    void serve(SeqPacketSocket socket) throws ErrnoException {
        assert loop.inLoop();
        connections.add(new FdConnection(this, loop, socket));
    }

    /** Closes the connection of somebody who has been refused, once that is read. */
    void dismiss(SeqPacketSocket socket) {
        assert loop.inLoop();
        disposal.dismiss(socket, open::decrementAndGet);
    }

    // For the connections

    Eventfds eventfds() {
        return eventfds;
    }

    PacketBuffer buffer() {
        assert loop.inLoop();
        return buffer;
    }

    Disposal disposal() {
        return disposal;
    }

    LongRequests longRequests() {
        assert loop.inLoop();
        return longRequests;
    }

    Flights flights() {
        assert loop.inLoop();
        return flights;
    }

    FdObserver observer() {
        assert loop.inLoop();
        return observer;
    }

    /** The greatest size of a request in bytes. */
    int maxPacket() {
        assert loop.inLoop();
        return limits.packet();
    }

    /** The longest time that a request may wait for a lease. Any thread may call this. */
    Duration maxWait() {
        return limits.longestWait();
    }

    /** The longest time that a lease can be held for. Any thread may call this. */
    Duration maxLease() {
        return limits.longestLease();
    }

    /** The greatest number of descriptors that a packet may bring. Any thread may call this. */
    int maxDonation() {
        return limits.donation();
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void handedOut(int fds) {
        assert loop.inLoop();
        handedOut += fds;
    }

    /**
     * Called for a client that has to take its reply: it has sent another request, or was granted a
     * lease.
     */
    void lookAfterDeaf() {
        assert loop.inLoop();
        if (!lookingAfterDeaf) {
            lookingAfterDeaf = true;
            loop.after(limits.patience(), this::endDeaf);
        }
    }

    private void endDeaf() throws IOException {
        lookingAfterDeaf = false;
        loop.each(
                connections,
                connection -> {
                    if (connection.closeIfStillDeaf()) {
                        lookAfterDeaf();
                    }
                });
    }

    /** The reason why another daemon cannot take over, if there is one. */
    CompletableFuture<Optional<String>> obstacle() {
        assert loop.inLoop();
        return heirs.obstacle();
    }

    /**
     * Begins to hand over to the daemon at the other end of {@code connection}. Returns false if a
     * hand-over is under way already.
     */
    boolean beginTakeover(FdConnection connection) {
        assert loop.inLoop();
        if (heir != null) {
            return false;
        }
        heir = connection;
        heirs.handOver();
        return true;
    }

    void detached(FdConnection connection) {
        assert loop.inLoop();
        connections.remove(connection);
        open.decrementAndGet();
    }

    /**
     * Called when {@code connection} has ended; {@code receiver} may want packets that its client
     * sent before.
     */
    void ended(FdConnection connection, SeqPacketSocket socket, Disposal.Receiver receiver) {
        assert loop.inLoop();
        connections.remove(connection);
        if (isEmpty(socket)) {
            socket.close();
            open.decrementAndGet();
        } else {
            disposal.close(socket, receiver, open::decrementAndGet);
        }
    }

    /**
     * Whether the client has closed its end too and left nothing unread, so that there is nothing
     * to dispose of.
     */
    private boolean isEmpty(SeqPacketSocket socket) {
        try {
            return socket.peek(buffer).next() == SeqPacketSocket.Next.END;
        } catch (ErrnoException e) {
            return false;
        }
    }

    // For the server

    /** The number of connections. Any thread may call this. */
    int count() {
        return open.get();
    }

    /** The number of descriptors that were sent to clients. Any thread may call this. */
    long fdsHandedOut() {
        return handedOut;
    }

    /** Changes the limits. Connections and descriptors above the new limits stay. */
    void limit(FdLimits now) {
        assert loop.inLoop();
        limits = now;
        flights.limit(now.fdsInFlight());
    }

    /** Releases the connection of the daemon that takes over, unless that daemon has gone. */
    Optional<SeqPacketSocket> releaseHeir() throws IOException {
        assert loop.inLoop();
        return heir == null ? Optional.empty() : heir.detach();
    }

    /**
     * Ends all connections, except for those whose clients have yet to take a lease that they were
     * granted.
     */
    void leave() throws IOException {
        assert loop.inLoop();
        for (var connection : List.copyOf(connections)) {
            connection.leave();
        }
    }

    /** Whether a client has yet to take a lease that it was granted. */
    boolean isAnyGrantUntaken() throws IOException {
        assert loop.inLoop();
        for (var connection : connections) {
            if (connection.isGrantUntaken()) {
                return true;
            }
        }
        return false;
    }

    /** Ends all connections, and tells clients that wait for a reply. */
    void shutDown() throws IOException {
        assert loop.inLoop();
        for (var connection : List.copyOf(connections)) {
            connection.shutDown();
        }
    }

    /** Closes what is left to be closed, once all connections have ended. For other threads. */
    @Override
    public void close() {
        disposal.close();
        longRequests.close();
    }
}
