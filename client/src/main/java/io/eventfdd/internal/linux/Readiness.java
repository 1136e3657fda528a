package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * An array of {@code struct pollfd { int fd; short events; short revents; }}, with which one call
 * asks whether many descriptors are readable or writable. One thread at a time uses it.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/poll.2.html">poll(2)</a>
 */
public final class Readiness {
    private static final int SIZE = 8;
    private static final int REVENTS = 6;
    private static final long NANOS_A_MILLI = 1_000_000;
    static final short READABLE = 1;
    static final short WRITABLE = 4;

    /** The struct that asks whether {@code fd} is readable, as one number. */
    static long pollfd(int fd) {
        return (long) READABLE << Integer.SIZE | fd;
    }

    /** 1 if that found the descriptor readable, otherwise 0. */
    static int isReadable(long pollfd) {
        return (int) (pollfd >>> (Integer.SIZE + Short.SIZE)) & READABLE;
    }

    private ByteBuffer pollfds;
    private long address;

    private int count;

    /** Creates an empty array. */
    public Readiness() {
        pollfds = room(1);
        address = LIBC.address(pollfds);
    }

    private static ByteBuffer room(int descriptors) {
        return ByteBuffer.allocateDirect(descriptors * SIZE).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Clears the array and makes room for {@code descriptors}. */
    public void begin(int descriptors) {
        if (pollfds.capacity() < descriptors * SIZE) {
            pollfds = room(descriptors);
            address = LIBC.address(pollfds);
        }
        count = 0;
    }

    /**
     * The timeout of poll(2) and epoll_wait(2) for a wait of {@code nanos}: rounded up to
     * milliseconds, so that no wait ends early.
     */
    public static int timeout(long nanos) {
        long millis = (Math.max(0, nanos) + NANOS_A_MILLI - 1) / NANOS_A_MILLI;
        return (int) Math.min(Integer.MAX_VALUE, millis);
    }

    /** Adds a descriptor. */
    public void ask(Fd fd) {
        ask(fd, READABLE);
    }

    /** Adds a descriptor, to ask whether it is readable and whether it is writable. */
    public void askBoth(Fd fd) {
        ask(fd, (short) (READABLE | WRITABLE));
    }

    /** Adds a descriptor, to ask whether it is {@link #READABLE} or {@link #WRITABLE}. */
    void ask(Fd fd, short events) {
        pollfds.putLong(SIZE * count++, (long) events << Integer.SIZE | fd.number());
    }

    /**
     * Waits at most {@code timeoutMillis} (-1: without end) until a descriptor is ready. Returns
     * the number of those that are; 0 also if it was interrupted.
     */
    public int await(int timeoutMillis) throws ErrnoException {
        int ready = SignalCalls.FASTEST.poll(address, count, timeoutMillis);
        if (ready < 0) {
            throw ErrnoException.of("poll(" + count + " fds)", -ready);
        }
        return ready;
    }

    /** Whether the descriptor that was added as number {@code index} was readable. */
    public boolean isReadable(int index) {
        return (found(index) & READABLE) != 0;
    }

    /** Whether the descriptor that was added as number {@code index} was writable. */
    public boolean isWritable(int index) {
        return (found(index) & WRITABLE) != 0;
    }

    private short found(int index) {
        return pollfds.getShort(SIZE * index + REVENTS);
    }
}
