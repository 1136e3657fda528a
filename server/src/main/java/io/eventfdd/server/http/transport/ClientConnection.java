package io.eventfdd.server.http.transport;

import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.PeerCredentials;
import io.eventfdd.internal.linux.UnixPeer;
import io.eventfdd.internal.linux.UnixPeer.Direction;

import sun.nio.ch.SelChImpl;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/**
 * One client's connection, known from accept on.
 *
 * <p>A read or write of a Unix socket has no timeout of its own. Therefore each has a deadline,
 * which {@link Connections} watches on another thread.
 */
public final class ClientConnection {
    private static final System.Logger LOGGER = System.getLogger(ClientConnection.class.getName());

    /** A client that connected by TCP, of which the kernel tells no user and no group. */
    private static final PeerCredentials ANYONE = new PeerCredentials(0, -1, -1, List.of());

    private static final AtomicLong IDS = new AtomicLong();

    /** Values of {@link #deadline} that are none; {@link #within} avoids them. */
    private static final long NONE = 0;

    private static final long PASSED = 1;

    private final long id = IDS.incrementAndGet();
    private final Instant acceptedAt = Instant.now();
    private final SocketChannel channel;
    private final int fd;
    private final PeerCredentials peer;

    /** When {@link #doing} must be done, in {@link System#nanoTime}. */
    private final AtomicLong deadline = new AtomicLong(NONE);

    /**
     * The connection's thread writes this before {@link #deadline}; other threads read it after
     * that.
     */
    private Doing doing = Doing.ANSWERING;

    /** {@link ConnectionEnd#FAILED} until something says otherwise; what says so first is right. */
    private final AtomicReference<ConnectionEnd> end = new AtomicReference<>(ConnectionEnd.FAILED);

    private volatile boolean reset;
    private volatile BooleanSupplier inUse = () -> false;
    private final Object shutDowns = new Object();

    /**
     * Whether the number of the descriptor may belong to another file by now; guarded by {@link
     * #shutDowns}.
     */
    private boolean over;

    private ClientConnection(SocketChannel channel, int fd, PeerCredentials peer) {
        this.channel = channel;
        this.fd = fd;
        this.peer = peer;
    }

    /** Creates the connection for a client that was just accepted on {@code channel}. */
    static ClientConnection of(SocketChannel channel) throws IOException {
        if (!(channel instanceof SelChImpl socket)) {
            throw new IOException("not a socket of the JDK: " + channel);
        }
        int fd = socket.getFDVal();
        boolean local = channel.getRemoteAddress() instanceof UnixDomainSocketAddress;
        return new ClientConnection(channel, fd, local ? PeerCredentials.of(fd) : ANYONE);
    }

    /**
     * The connection whose request the calling thread answers.
     *
     * @throws java.util.NoSuchElementException on any other thread
     */
    public static ClientConnection current() {
        return WatchedConnection.current().client();
    }

    /** A number that no other connection of this process has. */
    public long id() {
        return id;
    }

    /**
     * The socket's file descriptor, which is this connection's until {@link ConnectionLife#ended}
     * has returned.
     */
    public int fd() {
        return fd;
    }

    /** The credentials of the client that connected. */
    public PeerCredentials peer() {
        return peer;
    }

    /** The time at which it was accepted. */
    public Instant acceptedAt() {
        return acceptedAt;
    }

    /**
     * Ends the connection, even while it reads or writes: its own thread finds the socket shut
     * down, and closes it. The client can still read the data that was sent before. Any thread may
     * call this.
     */
    public void hangUp() {
        endsAs(ConnectionEnd.CLOSED_BY_US);
        shutDown(Direction.BOTH);
    }

    /**
     * Lets no further bytes in. A request that is being answered is still answered. Any thread may
     * call this.
     */
    void stopReading() {
        shutDown(Direction.RECEIVING);
    }

    private void shutDown(Direction direction) {
        synchronized (shutDowns) {
            if (!over && !UnixPeer.shutDown(Fd.borrow(fd), direction)) {
                LOGGER.log(Level.DEBUG, "{0} is not connected any more", this);
            }
        }
    }

    /** Notes that its own thread is about to close the socket. */
    void over() {
        synchronized (shutDowns) {
            over = true;
        }
    }

    public SocketChannel channel() {
        return channel;
    }

    /** Sets how the connection ends, if nothing has set it before. */
    public void endsAs(ConnectionEnd how) {
        if (how == ConnectionEnd.RESET) {
            reset = true;
        }
        end.compareAndSet(ConnectionEnd.FAILED, how);
    }

    /** The way in which it ended. */
    public ConnectionEnd end() {
        return end.get();
    }

    /**
     * Whether the kernel has reported that the client left without reading all of our bytes. The
     * kernel reports that once, perhaps after somebody else has ended the connection already.
     */
    public boolean wasReset() {
        return reset;
    }

    /**
     * Its own thread is about to do {@code what} with the socket, until {@code nanoTime} at most.
     */
    void within(long nanoTime, Doing what) {
        doing = what;
        deadline.set(nanoTime | 2);
    }

    /**
     * Notes that its own thread is done with the socket for now. Returns false if the time was
     * over.
     */
    boolean inTime() {
        doing = Doing.ANSWERING;
        return deadline.getAndSet(NONE) != PASSED;
    }

    /** Sets a condition under which it does not count as idle between two requests. */
    public void keepOpenWhile(BooleanSupplier inUse) {
        this.inUse = inUse;
    }

    /**
     * Ends the connection if it is overdue at {@code nanoTime}. A connection that is in use counts
     * as idle from now on at the earliest. Any thread may call this.
     */
    void expire(long nanoTime, long idleNanos) {
        long until = deadline.get();
        if (until == NONE || until == PASSED || nanoTime - until < 0) {
            return;
        }
        if (doing == Doing.WAITING && inUse.getAsBoolean()) {
            deadline.compareAndSet(until, (nanoTime + idleNanos) | 2);
        } else if (deadline.compareAndSet(until, PASSED)) {
            if (doing == Doing.SENDING) {
                hangUp();
            } else {
                stopReading();
            }
        }
    }

    /** Ends the connection if it waits for a next request. Any thread may call this. */
    void endIfIdle() {
        long until = deadline.get();
        if (until != NONE && doing == Doing.WAITING) {
            endsAs(ConnectionEnd.CLOSED_BY_US);
            stopReading();
        }
    }

    /** What a connection's thread does with the socket. */
    enum Doing {
        /** Reads the first byte of a request. */
        WAITING,
        /** Reads the rest of a request. */
        RECEIVING,
        /** Nothing: a handler is at work. */
        ANSWERING,
        /** Writes. */
        SENDING
    }

    @Override
    public String toString() {
        return "connection " + id + " (fd " + fd + ", uid " + peer.uid() + ")";
    }
}
