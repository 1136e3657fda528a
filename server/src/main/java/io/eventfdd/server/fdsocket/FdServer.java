package io.eventfdd.server.fdsocket;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.InheritedFds.SocketType;
import io.eventfdd.internal.linux.PacketBuffer;
import io.eventfdd.internal.linux.PeerCredentials;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.linux.UnixListener;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.ProblemDocument;
import io.eventfdd.server.eventfds.Eventfds;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.loop.LoopCalls;
import io.eventfdd.server.runtime.ListenerPlace;
import io.eventfdd.server.runtime.SocketFile;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * The server of {@code fd.sock}. It has no thread of its own for its clients: the event loop serves
 * them.
 */
public final class FdServer implements AutoCloseable {
    /**
     * The limits of the server.
     *
     * @param connections connections at a time; one more is told so and closed
     * @param fdsInFlight descriptors of all users that were sent and not yet received; the kernel's
     *     own limit for a daemon without privileges is RLIMIT_NOFILE
     * @param patience the least time for which a client that has sent another request may leave a
     *     reply untaken. It must end at some time, because an unread packet may hold the client's
     *     own socket, and then nobody learns of the client's end
     * @param packet bytes of a request
     * @param donation descriptors that one packet brings
     * @param told connections above the limit that may exist at a time, to be told so and closed
     * @param longestWait the longest time that a request may wait for a lease
     * @param longestLease the longest time that a lease can be held for
     */
    public record Limits(
            int connections,
            long fdsInFlight,
            Duration patience,
            int packet,
            int donation,
            int told,
            Duration longestWait,
            Duration longestLease) {}

    private static final System.Logger LOGGER = System.getLogger(FdServer.class.getName());
    private static final byte[] NO_DESCRIPTORS =
            ProblemDocument.bytes(
                    ProblemType.LIMIT.problem(
                            "open files: the daemon has no descriptor for another connection"));

    /** The greatest number of connections above the limit that are accepted to be told so. */
    public static final int MOST_TOLD = 16;

    /** The descriptors of the listener and of its reserve. */
    private static final int LISTENING = 2;

    /** How long clients have for the replies that grant them leases, once this ends. */
    private static final Duration TIME_TO_TAKE = Duration.ofSeconds(2);

    private static final long PAUSE_NANOS = 1_000_000;

    /**
     * The number of descriptors that a server needs besides those of {@code max-fd-connections}.
     *
     * @param told connections above the limit, to be told so and closed
     * @param donation descriptors that one packet brings; one is taken at a time
     */
    public static int descriptors(int told, int donation) {
        return LISTENING + told + donation;
    }

    /** Is told of each request when it is answered, on the loop's thread. */
    @FunctionalInterface
    public interface Observer {
        /**
         * Called when a request was answered, or when its client went before that.
         *
         * @param peer the client
         * @param operation the packet's {@code op}; {@code open} if the packet has no known one
         * @param outcome {@code ok}, {@code gone-client}, or the name of the problem
         * @param nanos from the reading of the request to the end of its answer
         */
        void replied(PeerCredentials peer, String operation, String outcome, long nanos);

        /** An observer that tells this one and then {@code next}. */
        default Observer then(Observer next) {
            return (peer, operation, outcome, nanos) -> {
                replied(peer, operation, outcome, nanos);
                next.replied(peer, operation, outcome, nanos);
            };
        }
    }

    /** Is asked, on the loop's thread, when another daemon wants to take over. */
    @FunctionalInterface
    public interface Heirs {
        /** The reason why this daemon cannot hand over, if there is one. It does not block. */
        default CompletableFuture<Optional<String>> obstacle() {
            return CompletableFuture.completedFuture(Optional.empty());
        }

        /** Begins the hand-over. */
        void handOver();
    }

    private final Heirs heirs;
    private final EventLoop loop;
    private final Eventfds eventfds;
    private final Observer observer;
    private final ListenerPlace place;
    private volatile Door door;
    private final Disposal disposal = new Disposal();
    private final Requests requests;
    private final Flights flights;

    /** Only the loop's thread writes this field. */
    private volatile Limits limits;

    // The fields from here on belong to the loop's thread.
    private final PacketBuffer buffer =
            new PacketBuffer(OpenRequest.MAX_PACKET, OpenRequest.MAX_ENTRIES);
    private final Set<FdConnection> connections = new HashSet<>();
    private final Set<Latecomer> latecomers = new HashSet<>();

    /** The connection of the daemon that takes over. */
    private @Nullable FdConnection heir;

    /** Whether a check is scheduled for clients that do not take their replies. */
    private boolean lookingAfterDeaf;

    /** All connections, including those that are still to be closed. */
    private final AtomicInteger open = new AtomicInteger();

    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile long handedOut;

    private FdServer(
            EventLoop loop,
            Eventfds eventfds,
            Observer observer,
            Limits limits,
            ListenerPlace place,
            Heirs heirs)
            throws IOException {
        this.heirs = heirs;
        this.loop = loop;
        this.eventfds = eventfds;
        this.observer = observer;
        this.limits = limits;
        this.place = place;
        var inherited = place.inherited();
        this.door = inherited == null ? bound(place) : inherited(place, inherited);
        this.requests = new Requests(loop);
        this.flights = new Flights(limits.fdsInFlight());
    }

    /** The entrance for clients: a listening socket, its name, and its acceptor on the loop. */
    private record Door(SocketFile file, SeqPacketSocket listener, Acceptor acceptor) {}

    private Door inherited(ListenerPlace place, Fd socket) throws IOException {
        var listener = SeqPacketSocket.adoptListener(socket);
        var file = SocketFile.inherited(place);
        return new Door(file, listener, new Acceptor(loop, listener, new Arrivals()));
    }

    private Door bound(ListenerPlace place) throws IOException {
        SocketFile.makeWay(place.path());
        var socket = UnixListener.bind(SocketType.PACKETS, place.path(), SocketFile.AT_BIRTH);
        try {
            var file = SocketFile.born(place);
            try {
                UnixListener.listen(socket, UnixListener.MAX_BACKLOG);
                var listener = SeqPacketSocket.adoptListener(socket);
                return new Door(file, listener, new Acceptor(loop, listener, new Arrivals()));
            } catch (IOException | RuntimeException e) {
                file.remove();
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * Starts to serve at {@code place}.
     *
     * @param loop the running loop
     * @param observer is told of each request
     * @param heirs is asked when another daemon wants to take over
     * @throws IOException if the socket cannot be opened
     */
    public static FdServer start(
            EventLoop loop,
            Eventfds eventfds,
            ListenerPlace place,
            Limits limits,
            Observer observer,
            Heirs heirs)
            throws IOException {
        var server = new FdServer(loop, eventfds, observer, limits, place, heirs);
        try {
            server.onLoop(server.door.acceptor::start);
            return server;
        } catch (IOException | RuntimeException e) {
            server.door.file.remove();
            server.door.listener.close();
            throw e;
        }
    }

    private final class Arrivals implements Acceptor.Host {
        @Override
        public boolean hasRoom() {
            return open.get() < limits.connections() + limits.told();
        }

        @Override
        public void arrived(SeqPacketSocket socket) {
            open.incrementAndGet();
            try {
                if (open.get() <= limits.connections()) {
                    connections.add(new FdConnection(FdServer.this, loop, socket));
                } else if (FdCalls.mayTakeOver(socket.peer().uid())) {
                    latecomers.add(new Latecomer(loop, socket, this::judge));
                } else {
                    refuse(socket, tooMany());
                }
            } catch (ErrnoException e) {
                LOGGER.log(Level.WARNING, "cannot serve a client: {0}", e.getMessage());
                refuse(socket, NO_DESCRIPTORS);
            }
        }

        private void judge(Latecomer latecomer, SeqPacketSocket socket) throws IOException {
            latecomers.remove(latecomer);
            if (FdConnection.isTakeover(socket.peekBytes(buffer))) {
                connections.add(new FdConnection(FdServer.this, loop, socket));
            } else {
                refuse(socket, tooMany());
            }
        }

        @Override
        public void noDescriptors(SeqPacketSocket socket) {
            open.incrementAndGet();
            refuse(socket, NO_DESCRIPTORS);
        }

        private byte[] tooMany() {
            return ProblemDocument.bytes(
                    ProblemType.LIMIT.problem(
                            "max-fd-connections: there are "
                                    + limits.connections()
                                    + " connections already"));
        }

        private void refuse(SeqPacketSocket socket, byte[] why) {
            try {
                socket.send(buffer, why, List.of());
            } catch (ErrnoException e) {
                LOGGER.log(Level.DEBUG, "a client that is refused: {0}", e.getMessage());
            }
            disposal.dismiss(socket, open::decrementAndGet);
        }
    }

    // For its connections, on the loop's thread

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

    Requests requests() {
        assert loop.inLoop();
        return requests;
    }

    Flights flights() {
        assert loop.inLoop();
        return flights;
    }

    Observer observer() {
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

    /** Called for a client that has sent another request and has not taken the last reply. */
    void lookAfterDeaf() {
        assert loop.inLoop();
        if (!lookingAfterDeaf) {
            lookingAfterDeaf = true;
            loop.after(limits.patience(), this::endDeaf);
        }
    }

    private void endDeaf() throws IOException {
        lookingAfterDeaf = false;
        for (var connection : List.copyOf(connections)) {
            if (connection.closeIfStillDeaf()) {
                lookAfterDeaf();
            }
        }
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

    // For everybody

    /** Changes the limits. Connections and descriptors above the new limits stay. */
    public void limit(Limits now) {
        new LoopCalls(loop)
                .run(() -> {
                    limits = now;
                    flights.limit(now.fdsInFlight());
                });
    }

    /** The number of descriptors that were sent to clients since the start. */
    public long fdsHandedOut() {
        return handedOut;
    }

    /** Whether clients can connect; the loop serves them. */
    public boolean isServing() {
        return !closed.get() && door.file.isReachable();
    }

    /**
     * Creates the socket again if somebody removed it. Existing connections go on. It must not be
     * called while the server stops, and only by one thread at a time, which is not the loop's.
     *
     * @return whether it was created
     * @throws IOException if it cannot be created, if another process has a socket there now, or if
     *     it belongs to the service manager
     */
    public boolean restore() throws IOException {
        var before = door;
        if (closed.get() || !before.file.isToBeMade()) {
            return false;
        }
        var next = bound(place);
        door = next;
        onLoop(() -> {
            next.acceptor.start();
            before.acceptor.stopAfterLast(() -> disposal.close(before.listener));
        });
        return true;
    }

    /** The number of connections. */
    public int connections() {
        return open.get();
    }

    /**
     * The things that the next daemon gets.
     *
     * @param heir the connection to it, unless it has gone
     */
    public record Estate(Optional<SeqPacketSocket> heir, Fd listener) {}

    /**
     * Ends the server as {@link #close} does, but the socket keeps listening, and the daemon that
     * asked stays connected.
     */
    public Estate leave() throws IOException {
        var copy = door.listener.fd().duplicate();
        door.file.leave();
        var kept = new AtomicReference<SeqPacketSocket>();
        onLoop(() -> {
            if (heir != null) {
                heir.detach().ifPresent(kept::set);
            }
        });
        close();
        return new Estate(Optional.ofNullable(kept.get()), copy);
    }

    /**
     * Removes the socket, ends all connections and tells clients that wait for a reply. It must be
     * called before the loop is closed.
     */
    @Override
    public void close() throws IOException {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        door.file.remove();
        onLoop(() -> {
            door.acceptor.stop();
            for (var latecomer : List.copyOf(latecomers)) {
                latecomer.decide();
            }
            for (var connection : List.copyOf(connections)) {
                connection.leave();
            }
        });
        awaitTaken();
        onLoop(() -> {
            for (var connection : List.copyOf(connections)) {
                connection.shutDown();
            }
        });
        disposal.close(door.listener);
        disposal.close();
        requests.close();
    }

    /**
     * Waits until the clients have taken the leases that they were granted just now. Whoever does
     * not take the reply in time has no lease.
     */
    private void awaitTaken() throws IOException {
        long begun = System.nanoTime();
        while (isAnyUntaken() && System.nanoTime() - begun < TIME_TO_TAKE.toNanos()) {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private boolean isAnyUntaken() throws IOException {
        var untaken = new AtomicBoolean();
        onLoop(() -> untaken.set(isAnyGrantUntaken()));
        return untaken.get();
    }

    private boolean isAnyGrantUntaken() throws IOException {
        for (var connection : connections) {
            if (connection.isGrantUntaken()) {
                return true;
            }
        }
        return false;
    }

    private void onLoop(EventLoop.Task task) throws IOException {
        var done = new CompletableFuture<Boolean>();
        loop.submit(
                new EventLoop.Task() {
                    @Override
                    public void run() {
                        try {
                            task.run();
                            done.complete(true);
                        } catch (IOException | RuntimeException e) {
                            done.completeExceptionally(e);
                        }
                    }

                    @Override
                    public void abandon() {
                        done.complete(false); // the process ends
                    }
                });
        try {
            done.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw e;
        }
    }
}
