package io.eventfdd.linux;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One file descriptor with one owner: closed once, and never while a call that has {@linkplain
 * #acquire acquired} it is under way, so that no call meets a stranger's descriptor under a reused
 * number.
 *
 * <p>Safe for all threads.
 */
public final class Fd implements AutoCloseable {
    private static final int CLOSED = 1 << 31;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int O_NONBLOCK = 0x800;
    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Fd.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final int number;
    private final boolean owned;

    /** How many calls are under way, and the sign bit once closed. */
    private volatile int state;

    private Fd(int number, boolean owned) {
        if (number < 0) {
            throw new IllegalArgumentException("not a file descriptor: " + number);
        }
        this.number = number;
        this.owned = owned;
    }

    /** Takes over descriptor {@code number}: from now on it is closed here and nowhere else. */
    public static Fd adopt(int number) {
        return new Fd(number, true);
    }

    /**
     * A descriptor that somebody else owns and closes; the caller sees to it that it stays open
     * while it is used.
     */
    public static Fd borrow(int number) {
        return new Fd(number, false);
    }

    /** The kernel's number for it; it means nothing once this is closed. */
    public int number() {
        return number;
    }

    /**
     * Begins a call: until {@link #release} the descriptor stays open. False where it is closed
     * already.
     */
    public boolean acquire() {
        int seen;
        do {
            seen = state;
            if (seen < 0) {
                return false;
            }
        } while (!STATE.compareAndSet(this, seen, seen + 1));
        return true;
    }

    /** Ends a call. */
    public void release() {
        if ((int) STATE.getAndAdd(this, -1) - 1 == CLOSED) {
            closeNow();
        }
    }

    /**
     * Returns when no call is under way: at once, but for a caller that is preempted in the middle
     * of one.
     */
    public void awaitUnused() {
        while (uses() != 0) {
            Libc.sched_yield();
        }
    }

    /** How many calls are under way at this moment. */
    public int uses() {
        return state & ~CLOSED;
    }

    /** Whether {@link #close} was called; a last call may still be under way. */
    public boolean isClosed() {
        return state < 0;
    }

    /** Closes it as soon as no call is under way; once. */
    @Override
    public void close() {
        if ((int) STATE.getAndBitwiseOr(this, CLOSED) == 0) {
            closeNow();
        }
    }

    private void closeNow() {
        if (owned) {
            // Linux frees the number even where close(2) fails: there is nothing to try again.
            Libc.close(number);
        }
    }

    /** Whether O_NONBLOCK is set on the open file description, which every holder shares. */
    public boolean isNonblocking() throws ErrnoException {
        return (flags() & O_NONBLOCK) != 0;
    }

    /** Sets or clears O_NONBLOCK on the open file description, which every holder shares. */
    public void setNonblocking(boolean on) throws ErrnoException {
        int flags = flags();
        if (Libc.fcntl(number, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) < 0) {
            throw ErrnoException.ofLast("fcntl(fd=" + number + ", F_SETFL)");
        }
    }

    private int flags() throws ErrnoException {
        int flags = Libc.fcntl(number, F_GETFL, 0);
        if (flags < 0) {
            throw ErrnoException.ofLast("fcntl(fd=" + number + ", F_GETFL)");
        }
        return flags;
    }

    /** Another descriptor of the same open file description. */
    public Fd duplicate() throws ErrnoException {
        int copy = Libc.fcntl(number, F_DUPFD_CLOEXEC, 0);
        if (copy < 0) {
            throw ErrnoException.ofLast("fcntl(fd=" + number + ", F_DUPFD_CLOEXEC)");
        }
        return adopt(copy);
    }

    @Override
    public String toString() {
        return "fd " + number;
    }
}
