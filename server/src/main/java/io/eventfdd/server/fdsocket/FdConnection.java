package io.eventfdd.server.fdsocket;

import io.eventfdd.linux.Epoll;
import io.eventfdd.linux.ErrnoException;
import io.eventfdd.linux.Received;
import io.eventfdd.linux.SeqPacketSocket;
import io.eventfdd.linux.SeqPacketSocket.Look;
import io.eventfdd.linux.SeqPacketSocket.Next;
import io.eventfdd.linux.SeqPacketSocket.Sent;
import io.eventfdd.protocol.JsonFields;
import io.eventfdd.protocol.OpenRequest;
import io.eventfdd.protocol.Problem;
import io.eventfdd.protocol.ProblemException;
import io.eventfdd.protocol.ProblemType;
import io.eventfdd.server.loop.Caller;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.loop.Opened;
import io.eventfdd.server.loop.Registration;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.List;

/**
 * One client: a packet is read, carried out and answered, and only when the client has taken the
 * answer is the next one read. So a client that sends and never reads fills its own queue, and has
 * one reply under way at most. Belongs to the loop's thread.
 *
 * <p>It is in the epoll set for input. Where the next packet is there before the last reply is
 * taken, it waits for that in place of input: the kernel reports room each time that the client
 * takes a packet. A client that asks, reads, and asks again costs no event more.
 */
final class FdConnection implements Registration.Target {
    private static final System.Logger LOGGER = System.getLogger(FdConnection.class.getName());

    /** Up to here, to understand a request takes the loop less time than to carry it out. */
    private static final int SHORT = 8 * 1024;

    private static final int INPUT = Epoll.IN;

    /** Edge-triggered: there is room all the time, and only its growth is of interest. */
    private static final int TAKING = Epoll.OUT | Epoll.ET;

    /** A hang-up is reported all the same. */
    private static final int NOTHING = 0;

    private static final byte[] TOO_LARGE =
            ProblemType.TOO_LARGE
                    .problem("a packet is at most " + OpenRequest.MAX_PACKET + " bytes")
                    .toBytes();
    private static final byte[] UNASKED =
            ProblemType.INVALID_REQUEST
                    .problem("descriptors came with the request; nobody asked for them")
                    .toBytes();
    private static final byte[] SHUTTING_DOWN =
            ProblemType.SHUTTING_DOWN.problem("the daemon is shutting down").toBytes();

    private enum State {
        /** The next packet may be read. */
        IDLE,
        /** A request is being carried out. */
        BUSY,
        /** The client is gone, or had to go. */
        CLOSED
    }

    private final FdServer server;
    private final EventLoop loop;
    private final SeqPacketSocket socket;
    private final Caller caller;
    private final Registration registration;
    private State state = State.IDLE;
    private int interest = INPUT;
    private long replies;

    /** How many replies there were when this was found deaf last. */
    private long deafAt;

    /** The descriptors of the last reply, which the client may have taken by now. */
    private Flights.@Nullable Flight flight;

    /** Begins to serve it; where that fails, {@code socket} is still the caller's. */
    FdConnection(FdServer server, EventLoop loop, SeqPacketSocket socket) throws ErrnoException {
        this.server = server;
        this.loop = loop;
        this.socket = socket;
        this.caller = new Caller(socket.fd(), socket.peer());
        this.registration = loop.register(socket.fd(), INPUT, this);
    }

    @Override
    public void ready(int events) throws IOException {
        if ((events & Epoll.HUP) != 0) {
            close();
        } else {
            readNext();
        }
    }

    // A request

    /** Reads the next packet, where there is one and its time has come. */
    void readNext() throws IOException {
        if (state != State.IDLE) {
            return;
        }
        try {
            var look = socket.peek(server.buffer());
            if (look.next() == Next.NOTHING_YET) {
                listenFor(INPUT);
            } else if (!socket.peerHasTakenAll()) {
                listenFor(TAKING);
                server.lookAfterDeaf();
            } else {
                landed();
                read(look);
            }
        } catch (ErrnoException e) {
            failed(e);
        }
    }

    /** What it changes to is looked at at once, whatever has happened before. */
    private void listenFor(int events) throws ErrnoException {
        if (interest != events) {
            interest = events;
            loop.modify(registration, events);
        }
    }

    private void read(Look look) throws IOException {
        switch (look.next()) {
            case NOTHING_YET -> {}
            case END, EMPTY_PACKET -> close();
            case PACKET_WITH_FDS -> {
                busy();
                server.disposal().drop(socket, () -> loop.submit(() -> reply(UNASKED)));
            }
            case PACKET -> {
                if (look.size() <= SHORT) {
                    understood(packet()).run();
                } else if (look.size() > OpenRequest.MAX_PACKET) {
                    packet();
                    reply(TOO_LARGE);
                } else if (server.requests().haveRoomFor(this)) {
                    busy();
                    var packet = packet();
                    server.requests().elsewhere(() -> understood(packet));
                } else {
                    listenFor(NOTHING);
                }
            }
        }
    }

    private void busy() throws ErrnoException {
        state = State.BUSY;
        listenFor(NOTHING);
    }

    private byte[] packet() throws ErrnoException {
        if (socket.receive(server.buffer()) instanceof Received.Packet packet) {
            return packet.bytes();
        }
        throw new IllegalStateException("a packet that was there is gone");
    }

    /** What to do, on the loop's thread, about what {@code packet} asks; on any thread. */
    private EventLoop.Task understood(byte[] packet) {
        try {
            var request = OpenRequest.from(JsonFields.parse(packet));
            return () -> open(request);
        } catch (ProblemException e) {
            return answering(e.problem());
        } catch (RuntimeException | StackOverflowError bug) {
            LOGGER.log(Level.ERROR, "a request on fd.sock met a bug", bug);
            return answering(ProblemType.INTERNAL.problem("the daemon's log says more"));
        }
    }

    private EventLoop.Task answering(Problem problem) {
        var packet = problem.toBytes();
        return () -> reply(packet);
    }

    private void open(OpenRequest request) throws IOException {
        if (state == State.CLOSED) {
            return;
        }
        try {
            checkFlights(request.entries().size());
            send(server.eventfds().open(request, caller));
        } catch (ProblemException e) {
            reply(e.problem().toBytes());
        }
    }

    private void checkFlights(int fds) {
        if (!server.flights().haveRoomFor(fds, user())) {
            throw ProblemType.LIMIT.exception(
                    "fds in flight: too many are sent to clients of user "
                            + Integer.toUnsignedString(user())
                            + " that have not received them");
        }
    }

    private int user() {
        return caller.peer().uid();
    }

    private void send(Opened opened) throws IOException {
        var sent = send(opened.reply().toBytes(), opened);
        if (sent == Sent.DONE) {
            int fds = opened.fds().size();
            flight = server.flights().begin(socket, user(), fds);
            server.handedOut(fds);
            replied();
            return;
        }
        server.eventfds().takeBack(opened);
        if (sent == Sent.TOO_MANY_IN_FLIGHT) {
            throw ProblemType.LIMIT.exception(
                    "fds in flight: the user of this daemon has too many that nobody received"
                            + " (ETOOMANYREFS)");
        }
        close();
    }

    // A reply

    private Sent send(byte[] packet, @Nullable Opened opened) {
        try {
            return socket.send(server.buffer(), packet, opened == null ? List.of() : opened.fds());
        } catch (ErrnoException e) {
            LOGGER.log(Level.WARNING, "a client of fd.sock gets no reply: {0}", e.getMessage());
            return Sent.PEER_GONE;
        }
    }

    private void reply(byte[] packet) throws IOException {
        if (state == State.CLOSED) {
            return;
        }
        // There is always room: the client has taken all that was sent before.
        if (send(packet, null) == Sent.DONE) {
            replied();
        } else {
            close();
        }
    }

    private void replied() throws IOException {
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

    /**
     * Whether the client wants more and has not taken the last reply; where it had not the last
     * time either, it has to go.
     */
    boolean isStillDeaf() throws IOException {
        if (state != State.IDLE || interest != TAKING) {
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
            server.flights().end(flight);
            flight = null;
        }
    }

    private void failed(ErrnoException e) throws IOException {
        LOGGER.log(Level.WARNING, "a connection to fd.sock ends: {0}", e.getMessage());
        close();
    }

    /** The daemon stops: says so to a client that waits for a reply. */
    void shutDown() throws IOException {
        if (state == State.BUSY) {
            send(SHUTTING_DOWN, null);
        }
        close();
    }

    private void close() throws IOException {
        if (state == State.CLOSED) {
            return;
        }
        state = State.CLOSED;
        landed();
        loop.unregister(registration);
        server.ended(this, socket);
    }
}
