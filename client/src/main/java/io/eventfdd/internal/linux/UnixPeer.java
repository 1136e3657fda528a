package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

/**
 * The facts that the kernel knows about the other end of a connected Unix socket, without its
 * cooperation.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/unix.7.html">unix(7), SIOCOUTQ</a>
 */
public final class UnixPeer {
    private static final int SO_ERROR = 4;
    private static final int SO_PASSRIGHTS = 83;

    private UnixPeer() {}

    /**
     * Whether the peer has taken all that was sent to it: nothing is left in its receive queue, and
     * it did not close the socket with something unread. It consumes the pending error of the
     * socket.
     */
    public static Taken taken(Fd socket) throws ErrnoException {
        if (hasUntaken(socket)) {
            return Taken.NOT_YET;
        }
        // A close empties the queue too, but sets ECONNRESET first.
        var error = new int[1];
        if (LIBC.getsockopt(
                        socket.number(),
                        Libc.SOL_SOCKET,
                        SO_ERROR,
                        error,
                        new int[] {Integer.BYTES})
                < 0) {
            throw ErrnoException.ofLast("getsockopt(" + socket + ", SO_ERROR)");
        }
        return error[0] == 0 ? Taken.ALL : Taken.NEVER;
    }

    /**
     * Whether something that was sent is still in the peer's receive queue. It consumes no error.
     */
    public static boolean hasUntaken(Fd socket) throws ErrnoException {
        int untaken = SignalCalls.FASTEST.untaken(socket.number());
        if (untaken < 0) {
            throw ErrnoException.of("ioctl(" + socket + ", SIOCOUTQ)", -untaken);
        }
        // When the kernel reports room it has not taken the last byte off its account yet; anything
        // that is really there counts with its buffer, which is larger.
        return untaken > 1;
    }

    /**
     * Whether the peer is connected and has taken all that was sent to it. Unlike {@link #taken},
     * this consumes no error of the socket, and it tells nothing about a peer that has closed the
     * connection.
     */
    public static boolean hasTakenAll(Fd socket) throws ErrnoException {
        return !hasUntaken(socket) && !hasHungUp(socket);
    }

    /** Whether the peer has closed the connection. */
    public static boolean hasHungUp(Fd socket) {
        var poll = new long[] {socket.number()};
        return LIBC.poll(poll, 1, 0) > 0;
    }

    /**
     * Makes the kernel refuse (EPERM) descriptors that are sent to {@code socket}, or, if it
     * listens, to the sockets that it accepts. Without this, a receive without room for descriptors
     * closes them, which may block.
     *
     * @return false if the kernel does not support this, which is so before Linux 6.16
     */
    public static boolean refuseDescriptors(Fd socket) {
        return LIBC.setsockopt(
                        socket.number(),
                        Libc.SOL_SOCKET,
                        SO_PASSRIGHTS,
                        new int[] {0},
                        Integer.BYTES)
                == 0;
    }

    /**
     * shutdown(2). The JDK's channels are not used for this, because their read then hides an
     * ECONNRESET, and with it the fact that the peer went without having {@link #taken} everything.
     *
     * @return false if there is nothing to shut down, because the socket is not connected any more
     */
    public static boolean shutDown(Fd socket, Direction direction) {
        return LIBC.shutdown(socket.number(), direction.how) == 0;
    }

    /** The directions that {@link #shutDown} ends. */
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

    /** The part of the sent data that the peer took. */
    public enum Taken {
        /** All of it. */
        ALL,
        /** Some of it is still in the peer's queue. */
        NOT_YET,
        /** The peer closed the socket before it took everything. */
        NEVER
    }
}
