package io.eventfdd.internal.linux;

/**
 * What the kernel knows of the other end of a connected Unix socket, without a word from it.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/unix.7.html">unix(7), SIOCOUTQ</a>
 */
public final class UnixPeer {
    private static final long SIOCOUTQ = 0x5411;
    private static final int SOL_SOCKET = 1;
    private static final int SO_ERROR = 4;
    private static final int SO_PASSRIGHTS = 83;

    private UnixPeer() {}

    /**
     * Whether the peer has taken all that was sent to it: nothing is left in its receive queue, and
     * it did not close the socket over something unread. Takes the socket's pending error.
     */
    public static Taken taken(Fd socket) throws ErrnoException {
        if (hasUntaken(socket)) {
            return Taken.NOT_YET;
        }
        // A close empties the queue too, but says ECONNRESET before it does.
        var error = new int[1];
        if (Libc.getsockopt(socket.number(), SOL_SOCKET, SO_ERROR, error, new int[] {Integer.BYTES})
                < 0) {
            throw ErrnoException.ofLast("getsockopt(" + socket + ", SO_ERROR)");
        }
        return error[0] == 0 ? Taken.ALL : Taken.NEVER;
    }

    /** Whether something that was sent is in the peer's receive queue still. Takes no error. */
    public static boolean hasUntaken(Fd socket) throws ErrnoException {
        var untaken = new int[1];
        if (Libc.ioctl(socket.number(), SIOCOUTQ, untaken) < 0) {
            throw ErrnoException.ofLast("ioctl(" + socket + ", SIOCOUTQ)");
        }
        // When the kernel reports room it has not taken the last byte off its account yet; anything
        // that is really there counts with its buffer, which is larger.
        return untaken[0] > 1;
    }

    /**
     * Whether the peer is there and has taken all that was sent to it. Unlike {@link #taken} this
     * takes no error from the socket, and it tells nothing of a peer that has closed it.
     */
    public static boolean hasTakenAll(Fd socket) throws ErrnoException {
        return !hasUntaken(socket) && !hasHungUp(socket);
    }

    /** Whether the peer has closed the connection. */
    public static boolean hasHungUp(Fd socket) {
        var poll = new long[] {socket.number()};
        return Libc.poll(poll, 1, 0) > 0;
    }

    /**
     * Has the kernel refuse (EPERM) descriptors that anybody sends to {@code socket}; to one that
     * listens, and so to all that it accepts. Without that, what is received without room for
     * descriptors closes them, which may block.
     *
     * @return false where the kernel does not know that: before 6.16
     */
    public static boolean refuseDescriptors(Fd socket) {
        return Libc.setsockopt(
                        socket.number(), SOL_SOCKET, SO_PASSRIGHTS, new int[] {0}, Integer.BYTES)
                == 0;
    }

    /**
     * shutdown(2). Not as the JDK's channels do it, whose read hides the ECONNRESET that it meets
     * then, and with it that the peer went without having {@link #taken} all.
     *
     * @return false where there is nothing to shut down, since it is not connected any more
     */
    public static boolean shutDown(Fd socket, Direction direction) {
        return Libc.shutdown(socket.number(), direction.how) == 0;
    }

    /** What {@link #shutDown} ends. */
    public enum Direction {
        /** SHUT_RD. */
        RECEIVING(0),
        /** SHUT_RDWR. */
        BOTH(2);

        private final int how;

        Direction(int how) {
            this.how = how;
        }
    }

    /** How much of what was sent the peer took. */
    public enum Taken {
        /** All of it. */
        ALL,
        /** Some is still in its queue. */
        NOT_YET,
        /** It closed the socket before. */
        NEVER
    }
}
