package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A Unix socket of whole packets (AF_UNIX, SOCK_SEQPACKET) that carry descriptors. One thread at a
 * time sends, one at a time receives. Only {@link #connect} and the methods with a patience block.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/unix.7.html">unix(7)</a>
 */
public final class SeqPacketSocket implements AutoCloseable {
    /** The result of a send. */
    public enum Sent {
        /** The packet is in the peer's queue. */
        DONE,
        /** There was no room in the peer's queue. */
        WOULD_BLOCK,
        /**
         * The peer is gone, or reads no more. Packets that it sent before can still be received,
         * and may say why.
         */
        PEER_GONE,
        /**
         * This user has more descriptors under way to receivers than it may have (ETOOMANYREFS).
         * Nothing was sent.
         */
        TOO_MANY_IN_FLIGHT
    }

    /** The next entry of the queue. */
    public enum Next {
        /** There is none yet. */
        NOTHING_YET,
        /** The end of the connection: nothing is left, and nothing will come. */
        END,
        /** A packet without bytes; only an accepted socket can distinguish it from the end. */
        EMPTY_PACKET,
        /** A packet. */
        PACKET,
        /** A packet of any size, and descriptors with it. */
        PACKET_WITH_FDS
    }

    /**
     * The result of a look at the queue.
     *
     * @param size the size of the packet in bytes
     */
    public record Look(Next next, int size) {
        private static final Look NOTHING_YET = new Look(Next.NOTHING_YET, 0);
        private static final Look END = new Look(Next.END, 0);
    }

    private static final int SOCK_SEQPACKET = 5;
    private static final int SOCK_NONBLOCK = 0x800;

    private static final int SO_PASSCRED = 16;
    private static final int SHUT_RDWR = 2;

    private static final int MSG_PEEK = 0x2;
    private static final int MSG_CTRUNC = 0x8;
    private static final int MSG_TRUNC = 0x20;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;

    private static final int NOTHING = -1;

    /** The call has to be made again. */
    private static final int AGAIN = -2;

    private final Fd fd;

    /** Whether every packet comes with its sender's credentials. */
    private final boolean credentials;

    /** Whether the peer is known to have closed the socket with something unread. */
    private volatile boolean closedUnread;

    private SeqPacketSocket(Fd fd, boolean credentials) {
        this.fd = fd;
        this.credentials = credentials;
    }

    // Beginning and end

    /**
     * Connects to the socket that listens at {@code path}. If its backlog is full, it waits for at
     * most {@code patience}.
     *
     * @throws ErrnoException ENOENT if there is no such file, ECONNREFUSED if nobody listens,
     *     ETIMEDOUT if the backlog stayed full
     */
    public static SeqPacketSocket connect(Path path, Duration patience) throws ErrnoException {
        var address = UnixAddress.of("connect", path);
        long deadline = System.nanoTime() + patience.toNanos();
        // O_NONBLOCK is clear here, because with it a full backlog is an error at once.
        var socket = open();
        try {
            while (true) {
                SendTimeout.set(socket.fd, deadline - System.nanoTime());
                if (LIBC.connect(socket.number(), address, address.length) == 0) {
                    return socket;
                }
                int errno = LIBC.errno();
                boolean late = deadline - System.nanoTime() <= 0;
                if (late && (errno == Errno.EAGAIN || errno == Errno.EINTR)) {
                    throw ErrnoException.of("connect(" + path + ")", Errno.ETIMEDOUT);
                }
                if (errno != Errno.EAGAIN && errno != Errno.EINTR) {
                    throw ErrnoException.of("connect(" + path + ")", errno);
                }
            }
        } catch (ErrnoException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * Listens at {@code path}, which must not exist.
     *
     * @param mode the permission bits of the file, less those that the umask takes
     * @param backlog how many connections may wait to be accepted
     */
    public static SeqPacketSocket listen(Path path, int mode, int backlog) throws ErrnoException {
        var fd = UnixListener.bind(InheritedFds.SocketType.PACKETS, path, mode);
        try {
            fd.setNonblocking(true);
            UnixListener.listen(fd, backlog);
            return new SeqPacketSocket(fd, false);
        } catch (ErrnoException | RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * Takes over a socket that listens already, such as an inherited one, and {@linkplain
     * UnixListener#listen listens again}.
     *
     * @throws ErrnoException EINVAL if it does not listen or has another type
     */
    public static SeqPacketSocket adoptListener(Fd fd) throws ErrnoException {
        InheritedFds.requireListener(fd, InheritedFds.SocketType.PACKETS);
        fd.setNonblocking(true);
        UnixListener.listen(fd, UnixListener.MAX_BACKLOG);
        return new SeqPacketSocket(fd, false);
    }

    /**
     * Has credentials come with each packet that {@code socket} receives; the end has none. A
     * listener cannot hand this option on: the kernel copies it at connect(2), and a client may
     * connect before this process has the listener.
     */
    private static void passCredentials(Fd socket) throws ErrnoException {
        var on = new int[] {1};
        if (LIBC.setsockopt(socket.number(), Libc.SOL_SOCKET, SO_PASSCRED, on, Integer.BYTES) < 0) {
            throw ErrnoException.ofLast("setsockopt(" + socket + ", SO_PASSCRED)");
        }
    }

    private static SeqPacketSocket open() throws ErrnoException {
        int number = LIBC.socket(Libc.AF_UNIX, SOCK_SEQPACKET | Libc.SOCK_CLOEXEC, 0);
        if (number < 0) {
            throw ErrnoException.ofLast("socket(AF_UNIX, SOCK_SEQPACKET)");
        }
        return new SeqPacketSocket(Fd.adopt(number), false);
    }

    /** Accepts the next connection, if one is waiting. */
    public Optional<SeqPacketSocket> accept() throws ErrnoException {
        int number = LIBC.accept4(number(), 0, 0, Libc.SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (number >= 0) {
            return Optional.of(accepted(Fd.adopt(number)));
        }
        int errno = LIBC.errno();
        if (errno == Errno.EAGAIN || errno == Errno.EINTR || errno == Errno.ECONNABORTED) {
            return Optional.empty();
        }
        throw ErrnoException.of("accept4(" + fd + ")", errno);
    }

    private static SeqPacketSocket accepted(Fd socket) throws ErrnoException {
        try {
            passCredentials(socket);
            return new SeqPacketSocket(socket, true);
        } catch (ErrnoException e) {
            socket.close();
            throw e;
        }
    }

    /** Shuts down both directions, which wakes waiters on both sides. */
    public void shutdown() throws ErrnoException {
        if (LIBC.shutdown(number(), SHUT_RDWR) < 0) {
            int errno = LIBC.errno();
            if (errno != Errno.ENOTCONN) {
                throw ErrnoException.of("shutdown(" + fd + ")", errno);
            }
        }
    }

    @Override
    public void close() {
        fd.close();
    }

    /** The descriptor. */
    public Fd fd() {
        return fd;
    }

    private int number() {
        return fd.number();
    }

    /** The credentials of the peer. */
    public PeerCredentials peer() throws ErrnoException {
        return PeerCredentials.of(number());
    }

    // Packets

    /**
     * Sends {@code packet} and {@code fds} at once, or not at all.
     *
     * @param buffer has room for both
     * @param fds at most 253 descriptors, which the caller owns and keeps open during the call
     */
    public Sent send(PacketBuffer buffer, byte[] packet, List<Fd> fds) throws ErrnoException {
        buffer.put(packet, fds);
        while (true) {
            int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
            long sent =
                    fds.isEmpty()
                            ? SignalCalls.FASTEST.send(number(), buffer, flags)
                            : SignalCalls.FASTEST.sendmsg(number(), buffer, flags);
            if (sent >= 0) {
                return Sent.DONE;
            }
            int errno = (int) -sent;
            switch (errno) {
                case Errno.EINTR -> {}
                case Errno.EAGAIN -> {
                    return Sent.WOULD_BLOCK;
                }
                case Errno.EPIPE, Errno.ECONNRESET, Errno.ENOTCONN -> {
                    return Sent.PEER_GONE;
                }
                case Errno.ETOOMANYREFS -> {
                    return Sent.TOO_MANY_IN_FLIGHT;
                }
                default ->
                        throw ErrnoException.of(
                                (fds.isEmpty() ? "send(" : "sendmsg(")
                                        + fd
                                        + ", "
                                        + packet.length
                                        + " bytes, "
                                        + fds.size()
                                        + " fds)",
                                errno);
            }
        }
    }

    /** As the other method, but waits at most {@code patience} for room. */
    public Sent send(PacketBuffer buffer, byte[] packet, List<Fd> fds, Duration patience)
            throws ErrnoException {
        long deadline = System.nanoTime() + patience.toNanos();
        var sent = send(buffer, packet, fds);
        while (sent == Sent.WOULD_BLOCK && await(Readiness.WRITABLE, deadline)) {
            sent = send(buffer, packet, fds);
        }
        return sent;
    }

    /**
     * Receives the next packet, if there is one, with as many of its descriptors as {@code buffer}
     * has room for. The kernel closes the others.
     */
    public Received receive(PacketBuffer buffer) throws ErrnoException {
        buffer.makeRoom(credentials);
        int size = receive(buffer, MSG_CMSG_CLOEXEC);
        if (size == NOTHING) {
            return Received.Nothing.YET;
        }
        var fds = buffer.adoptFds();
        if (size == 0 && (buffer.flags() & MSG_TRUNC) == 0) {
            fds.forEach(Fd::close);
            return Received.Nothing.ANY_MORE;
        }
        return new Received.Packet(
                buffer.bytes(size),
                fds,
                (buffer.flags() & MSG_TRUNC) != 0,
                (buffer.flags() & MSG_CTRUNC) != 0);
    }

    /** As the other method, but waits at most {@code patience} for a packet or the end. */
    public Received receive(PacketBuffer buffer, Duration patience) throws ErrnoException {
        long deadline = System.nanoTime() + patience.toNanos();
        var received = receive(buffer);
        while (received == Received.Nothing.YET && await(Readiness.READABLE, deadline)) {
            received = receive(buffer);
        }
        return received;
    }

    /** Looks at the next packet and takes nothing. */
    public Look peek(PacketBuffer buffer) throws ErrnoException {
        buffer.makeNoRoom(credentials);
        int size = receive(buffer, MSG_PEEK | MSG_TRUNC);
        if (size == NOTHING) {
            return Look.NOTHING_YET;
        }
        if ((buffer.flags() & MSG_CTRUNC) != 0) {
            return new Look(Next.PACKET_WITH_FDS, size);
        }
        if (size > 0) {
            return new Look(Next.PACKET, size);
        }
        return buffer.hasControl() ? new Look(Next.EMPTY_PACKET, 0) : Look.END;
    }

    /**
     * Reads the next packet without its descriptors; both stay in the queue. The result is empty if
     * there is none. Bytes beyond the room of {@code buffer} are cut off.
     */
    public byte[] peekBytes(PacketBuffer buffer) throws ErrnoException {
        buffer.makeRoomForBytes();
        int size = receive(buffer, MSG_PEEK);
        return size == NOTHING ? new byte[0] : buffer.bytes(size);
    }

    /**
     * Receives the packet that {@link #peek} has found, which came without descriptors. This takes
     * less time than {@link #receive(PacketBuffer)}. Bytes beyond the room of {@code buffer} are
     * cut off.
     */
    public byte[] receivePeeked(PacketBuffer buffer) throws ErrnoException {
        buffer.makeRoomForBytes();
        while (true) {
            int size = size("recv", SignalCalls.FASTEST.recv(number(), buffer, MSG_DONTWAIT));
            if (size == NOTHING) {
                throw new IllegalStateException("a packet that was there is gone");
            }
            if (size != AGAIN) {
                return buffer.bytes(size);
            }
        }
    }

    private int receive(PacketBuffer buffer, int flags) throws ErrnoException {
        int size;
        do {
            long returned = SignalCalls.FASTEST.recvmsg(number(), buffer, flags | MSG_DONTWAIT);
            size = size("recvmsg", returned);
        } while (size == AGAIN);
        return size;
    }

    /** What {@code call} returned: the size, {@link #NOTHING}, or {@link #AGAIN}. */
    private int size(String call, long returned) throws ErrnoException {
        if (returned >= 0) {
            return (int) returned;
        }
        int errno = (int) -returned;
        return switch (errno) {
            case Errno.EINTR -> AGAIN;
            case Errno.ECONNRESET -> {
                // If a peer closed without having read everything, the error is reported once,
                // before the packets that it sent.
                closedUnread = true;
                yield AGAIN;
            }
            case Errno.EAGAIN -> NOTHING;
            default -> throw ErrnoException.of(call + "(" + fd + ")", errno);
        };
    }

    private boolean await(short events, long deadline) throws ErrnoException {
        var readiness = new Readiness();
        readiness.begin(1);
        readiness.ask(fd, events);
        while (true) {
            long nanos = deadline - System.nanoTime();
            if (nanos <= 0) {
                return false;
            }
            if (readiness.await(Readiness.timeout(nanos)) > 0) {
                return true;
            }
        }
    }

    /**
     * Whether the peer has taken all that was sent. An edge-triggered epoll set reports {@link
     * Epoll#OUT} each time that the peer takes a packet.
     */
    public boolean peerHasTakenAll() throws ErrnoException {
        return !UnixPeer.hasUntaken(fd);
    }

    /**
     * The part of the sent data that the peer took, as {@link UnixPeer#taken} has it. The kernel
     * reports only once, and also to a receive, that the peer closed with something unread, so the
     * socket remembers it.
     */
    public UnixPeer.Taken taken() throws ErrnoException {
        if (closedUnread) {
            return UnixPeer.Taken.NEVER;
        }
        var taken = UnixPeer.taken(fd);
        if (taken == UnixPeer.Taken.NEVER) { // what another thread has heard meanwhile stays
            closedUnread = true;
        }
        return taken;
    }

    /** Whether a receive or {@link #taken} has found that the peer closed with something unread. */
    public boolean wasClosedUnread() {
        return closedUnread;
    }

    @Override
    public String toString() {
        return "packet socket " + fd.number();
    }
}
