package io.eventfdd.server.fdsocket;

import io.eventfdd.client.Problem;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.Errno;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.linux.SeqPacketSocket.Look;
import io.eventfdd.internal.linux.SeqPacketSocket.Next;
import io.eventfdd.internal.linux.SeqPacketSocket.Sent;
import io.eventfdd.internal.linux.UnixPeer;
import io.eventfdd.internal.wire.Op;
import io.eventfdd.internal.wire.ProblemDocument;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.server.eventfds.Caller;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.loop.Registration;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;

/**
 * One client. Its requests are read, carried out and answered one after the other, and the next one
 * is read only when the client has taken the last reply. A client that sends and never reads
 * therefore fills its own queue, and has at most one reply under way. Belongs to the loop's thread.
 *
 * <p>The socket is in the epoll set for input. If the next packet arrives before the last reply is
 * taken, the connection waits for output instead, because the kernel reports room each time that
 * the client takes a packet. A client that asks, reads and asks again costs no additional event.
 */
final class FdConnection implements Registration.Target {
    private static final System.Logger LOGGER = System.getLogger(FdConnection.class.getName());

    /** Up to this size, a request takes the loop less time to parse than to carry out. */
    private static final int SHORT = 8 * 1024;

    private static final int INPUT = Epoll.IN;

    /** Edge-triggered, because there is always room, and only its growth matters. */
    private static final int TAKING = Epoll.OUT | Epoll.ET;

    /** No events: a hang-up is reported anyway. */
    private static final int NOTHING = 0;

    static final Problem SHUTTING_DOWN =
            ProblemType.SHUTTING_DOWN.problem("the daemon is shutting down");

    /** The outcome of a request whose client did not get the reply. */
    private static final String GONE = "gone-client";

    /** What a request asks for that does not say so. */
    private static final String NO_OPERATION = "none";

    /** The outcome of a request that was carried out. */
    static final String OK = "ok";

    private enum State {
        /** The next packet may be read. */
        IDLE,
        /** A request is being carried out. */
        BUSY,
        /** The client is gone, or had to go. */
        CLOSED
    }

    private final FdClients clients;
    private final EventLoop loop;
    private final SeqPacketSocket socket;
    private final Caller caller;
    private final FdCalls calls;
    private final FdLeases leases;
    private final FdRequests requests;
    private final Registration registration;
    private State state = State.IDLE;
    private int interest = INPUT;

    /** The events that were reported and not acted on yet. */
    private int reported;

    private long replies;

    /** Whether this connection is only there until its client has taken the last reply. */
    private boolean isLeaving;

    /** The time at which the current request was read. */
    private long began;

    private String operation = NO_OPERATION;

    /** The number of replies when the client was last found not to take them. */
    private long deafAt;

    /** The descriptors of the last reply, which the client may have taken by now. */
    private Flights.@Nullable Flight flight;

    /** Begins to serve the client. If that fails, the caller still owns {@code socket}. */
    FdConnection(FdClients clients, EventLoop loop, SeqPacketSocket socket) throws ErrnoException {
        this.clients = clients;
        this.loop = loop;
        this.socket = socket;
        this.caller = Caller.heardElsewhere(socket.fd(), socket.peer());
        this.calls = new FdCalls(clients, loop, this, caller);
        this.leases = new FdLeases(clients, loop, this, caller);
        this.requests = new FdRequests(this, calls, leases);
        this.registration = loop.register(socket.fd(), INPUT, this);
    }

    /**
     * Acts on the events in this turn if there is time, and otherwise later: many clients can ask
     * for much at one moment.
     */
    @Override
    public void ready(int events) throws IOException {
        boolean isDue = reported != 0;
        reported |= events;
        if (!isDue) {
            loop.start(this::act);
        }
    }

    private boolean act() throws IOException {
        int events = reported;
        reported = 0;
        if ((events & Epoll.HUP) != 0) {
            close();
        } else {
            readNext();
        }
        return false;
    }

    // A request

    /** Reads the next packet, if there is one and the connection is ready for it. */
    void readNext() throws IOException {
        if (state != State.IDLE || isLeaving) {
            return;
        }
        try {
            var look = socket.peek(clients.buffer());
            if (look.next() == Next.NOTHING_YET) {
                listenFor(INPUT);
            } else if (!socket.peerHasTakenAll()) {
                listenFor(TAKING);
                clients.lookAfterDeaf();
            } else {
                landed();
                read(look);
            }
        } catch (ErrnoException e) {
            failed(e);
        }
    }

    /** Changes the events that are waited for; the kernel checks the new ones at once. */
    private void listenFor(int events) throws ErrnoException {
        if (interest != events) {
            interest = events;
            loop.modify(registration, events);
        }
    }

    private void read(Look look) throws IOException {
        began = System.nanoTime();
        operation = NO_OPERATION;
        switch (look.next()) {
            case NOTHING_YET -> {}
            case END, EMPTY_PACKET -> close();
            case PACKET_WITH_FDS -> {
                leases.settle(isTaken());
                busy();
                clients.disposal().take(socket, packetWithFds(look.size()));
            }
            case PACKET -> {
                if (look.size() > clients.maxPacket()) {
                    packet();
                    reply(tooLarge());
                } else if (look.size() <= SHORT) {
                    requests.understood(packet()).run();
                } else if (clients.longRequests().admitOrQueue(this)) {
                    busy();
                    var packet = packet();
                    clients.longRequests().elsewhere(() -> requests.understood(packet));
                } else {
                    listenFor(NOTHING);
                }
            }
        }
    }

    private PacketWithFds packetWithFds(int size) {
        return new PacketWithFds(clients, loop, this, size);
    }

    /** Makes the donation for which a packet brought descriptors. */
    void donate(List<Donors.Brought> brought) throws IOException {
        begin(Op.DONATE);
        calls.donate(brought);
    }

    private Problem tooLarge() {
        return ProblemType.TOO_LARGE.problem(
                "max-packet: a packet is at most " + clients.maxPacket() + " bytes");
    }

    /**
     * Receives the packet, which also tells what became of the last reply: it was in no queue any
     * more when this began, and if the client has closed the socket before it took the reply, the
     * kernel reports that before any packet.
     */
    private byte[] packet() throws IOException {
        var packet = socket.receivePeeked(clients.buffer());
        leases.settle(!socket.wasClosedUnread());
        return packet;
    }

    /** Releases the socket to another owner; empty if it is closed. */
    Optional<SeqPacketSocket> detach() throws IOException {
        if (state == State.CLOSED) {
            return Optional.empty();
        }
        state = State.CLOSED;
        leases.end();
        landed();
        loop.unregister(registration);
        clients.detached(this);
        return Optional.of(socket);
    }

    /** Notes the op of the current request, for the metrics. */
    void begin(Op op) {
        operation = op.word();
    }

    boolean isClosed() {
        return state == State.CLOSED;
    }

    /** Whether the client has taken all that was sent to it; false if the kernel cannot tell. */
    boolean isTaken() {
        try {
            return socket.taken() == UnixPeer.Taken.ALL;
        } catch (ErrnoException e) {
            return false;
        }
    }

    /** Notes that the reply takes a while. No packet is read until then. */
    void busy() throws ErrnoException {
        state = State.BUSY;
        listenFor(NOTHING);
    }

    /**
     * Sends a reply together with descriptors. Returns false if the client is gone.
     *
     * @throws ProblemException {@code limit} if too many descriptors are under way, {@code
     *     invalid-request} if the client's socket takes none; the caller has to reply this problem
     */
    boolean sendFds(byte[] packet, List<Fd> fds) throws IOException {
        if (state == State.CLOSED) {
            gone();
            return false;
        }
        checkFlights(fds.size());
        return switch (send(packet, fds)) {
            case DONE -> {
                flight = clients.flights().begin(socket, caller.peer().uid(), fds.size());
                clients.handedOut(fds.size());
                replied(OK);
                yield true;
            }
            case TOO_MANY_IN_FLIGHT ->
                    throw new ProblemException(
                            ProblemType.LIMIT,
                            "fds in flight: the user of this daemon has sent too many that nobody"
                                    + " has received (ETOOMANYREFS)");
            case WOULD_BLOCK, PEER_GONE -> {
                gone();
                close();
                yield false;
            }
        };
    }

    /**
     * Checks that so many more descriptors may be under way.
     *
     * @throws ProblemException {@code limit}
     */
    void checkFlights(int fds) {
        int user = caller.peer().uid();
        if (!clients.flights().makeRoomFor(fds, user)) {
            throw new ProblemException(
                    ProblemType.LIMIT,
                    "max-fds-in-flight: too many are sent to clients of user "
                            + Integer.toUnsignedString(user)
                            + " that have not received them");
        }
    }

    // A reply

    private Sent send(byte[] packet, List<Fd> fds) {
        try {
            return socket.send(clients.buffer(), packet, fds);
        } catch (ErrnoException e) {
            if (e.is(Errno.EPERM) && !fds.isEmpty()) {
                throw new ProblemException(
                        ProblemType.INVALID_REQUEST,
                        "the socket of the client takes no descriptors (SO_PASSRIGHTS)");
            }
            LOGGER.log(Level.WARNING, "a client of fd.sock gets no reply: {0}", e.getMessage());
            return Sent.PEER_GONE;
        }
    }

    void reply(Problem problem) throws IOException {
        reply(ProblemDocument.bytes(problem), problem.type().slug());
    }

    /** Sends a reply; {@code outcome} is for the metrics. */
    void reply(byte[] packet, String outcome) throws IOException {
        if (state == State.CLOSED) {
            gone();
            return;
        }
        // There is always room, because the client has taken all that was sent before.
        if (send(packet, List.of()) == Sent.DONE) {
            replied(outcome);
        } else {
            gone();
            close();
        }
    }

    private void replied(String outcome) throws IOException {
        answered(outcome);
        state = State.IDLE;
        replies++;
        if (interest == NOTHING) {
            try {
                listenFor(INPUT);
            } catch (ErrnoException e) {
                failed(e);
            }
        }
    }

    /** Ends a call whose client is gone. */
    void gone() {
        answered(GONE);
    }

    private void answered(String outcome) {
        clients.observer().replied(caller.peer(), operation, outcome, System.nanoTime() - began);
    }

    /**
     * Closes the connection if the client has taken no reply since the last check, although it has
     * sent another request or was granted a lease. Returns true if it has to be checked again,
     * because this is the first check without a reply taken.
     */
    boolean closeIfStillDeaf() throws IOException {
        leases.settleIfTaken();
        if (state != State.IDLE || (interest != TAKING && !isGrantUntaken())) {
            return false;
        }
        if (deafAt == replies) {
            close();
            return false;
        }
        deafAt = replies;
        return true;
    }

    // The end

    private void landed() {
        if (flight != null) {
            clients.flights().end(flight);
            flight = null;
        }
    }

    /** Ends the connection because of an error of its socket. */
    void failed(ErrnoException e) throws IOException {
        if (state != State.CLOSED) {
            LOGGER.log(Level.WARNING, "a connection to fd.sock ends: {0}", e.getMessage());
            close();
        }
    }

    /**
     * The daemon stops. A client that was granted a lease just now keeps its connection until it
     * {@linkplain #isGrantUntaken has taken} the reply; any other is {@linkplain #shutDown told}.
     */
    void leave() throws IOException {
        if (isGrantUntaken()) {
            isLeaving = true;
            listenFor(NOTHING);
        } else {
            shutDown();
        }
    }

    /** Whether the client has yet to take the reply that granted it a lease. */
    boolean isGrantUntaken() throws ErrnoException {
        return state != State.CLOSED && leases.isGrantUntaken();
    }

    /** Tells a client that waits for a reply that the daemon stops. */
    void shutDown() throws IOException {
        if (state == State.BUSY) {
            send(ProblemDocument.bytes(SHUTTING_DOWN), List.of());
        }
        close();
    }

    private void close() throws IOException {
        if (state == State.CLOSED) {
            return;
        }
        if (state == State.IDLE) {
            began = System.nanoTime();
        }
        state = State.CLOSED;
        calls.end();
        leases.end();
        landed();
        loop.unregister(registration);
        clients.ended(this, socket, packetWithFds(0));
    }
}
