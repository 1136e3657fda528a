package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

/**
 * An epoll set. One thread waits on it; any thread may add to it and remove from it, even if
 * another closes it meanwhile.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/epoll.7.html">epoll(7)</a>
 */
public final class Epoll implements AutoCloseable {
    /** Readable. */
    public static final int IN = 0x1;

    /** There is room to write. */
    public static final int OUT = 0x4;

    /** An error; reported whether asked for or not. */
    public static final int ERR = 0x8;

    /** The peer is gone; reported whether asked for or not. */
    public static final int HUP = 0x10;

    /** The peer will send no more. */
    public static final int RDHUP = 0x2000;

    /** One report, then silence until {@link #modify}. */
    public static final int ONESHOT = 1 << 30;

    /** One report for each change, not for each look. */
    public static final int ET = 1 << 31;

    private static final int EPOLL_CLOEXEC = 0x80000;
    private static final int CTL_ADD = 1;
    private static final int CTL_DEL = 2;
    private static final int CTL_MOD = 3;

    private final Fd fd;
    private final EpollEvents events;
    private final EpollEvents request;

    private Epoll(Fd fd, EpollEvents events) {
        this.fd = fd;
        this.events = events;
        this.request = new EpollEvents(events.layout(), 1);
    }

    /** An empty set, of which one wait reports at most {@code capacity} events. */
    public static Epoll create(int capacity) throws ErrnoException {
        int number = LIBC.epoll_create1(EPOLL_CLOEXEC);
        if (number < 0) {
            throw ErrnoException.ofLast("epoll_create1(EPOLL_CLOEXEC)");
        }
        return new Epoll(
                Fd.adopt(number), new EpollEvents(EpollEvents.Layout.ofThisMachine(), capacity));
    }

    /** Adds {@code target}, which comes back as {@code data}. */
    public void add(Fd target, int interest, long data) throws ErrnoException {
        control(CTL_ADD, "ADD", target, interest, data);
    }

    /** Changes the events that are asked for. The kernel checks them at once. */
    public void modify(Fd target, int interest, long data) throws ErrnoException {
        control(CTL_MOD, "MOD", target, interest, data);
    }

    /**
     * Removes {@code target}, unless this is closed. This must be done before the descriptor is
     * closed, because others may hold its open file description.
     */
    public void remove(Fd target) throws ErrnoException {
        if (!fd.acquire()) {
            return;
        }
        try {
            if (LIBC.epoll_ctl(fd.number(), CTL_DEL, target.number(), 0) < 0) {
                throw failure("DEL", target, LIBC.errno());
            }
        } finally {
            fd.release();
        }
    }

    private void control(int operation, String name, Fd target, int interest, long data)
            throws ErrnoException {
        if (!fd.acquire()) {
            throw failure(name, target, Errno.EBADF);
        }
        try {
            // Not a slot of the events: another thread may add while one waits.
            synchronized (request) {
                request.set(interest, data);
                if (LIBC.epoll_ctl(fd.number(), operation, target.number(), request.address())
                        < 0) {
                    throw failure(name, target, LIBC.errno());
                }
            }
        } finally {
            fd.release();
        }
    }

    private static ErrnoException failure(String operation, Fd target, int errno) {
        return ErrnoException.of("epoll_ctl(" + operation + ", fd=" + target.number() + ")", errno);
    }

    /**
     * Waits for events.
     *
     * @param timeoutMillis the longest wait; -1 is without end, 0 only looks
     * @return the number of events; 0 also if a signal interrupted the wait
     */
    public int await(int timeoutMillis) throws ErrnoException {
        int count =
                SignalCalls.FASTEST.epollWait(
                        fd.number(), events.address(), events.capacity(), timeoutMillis);
        if (count < 0) {
            throw ErrnoException.of("epoll_wait(" + fd + ")", -count);
        }
        return count;
    }

    /** The events that the last wait found as number {@code index}. */
    public int events(int index) {
        return events.events(index);
    }

    /** The data that the descriptor of event {@code index} of the last wait was added with. */
    public long data(int index) {
        return events.data(index);
    }

    @Override
    public void close() {
        fd.close();
    }
}
