package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;

/**
 * One file descriptor with one owner: closed once, and never while a call that has {@linkplain
 * #acquire acquired} it is under way, so that no call meets a stranger's descriptor under a reused
 * number.
 *
 * <p>Safe for all threads.
 */
public final class Fd implements AutoCloseable {
    private static final int CLOSED = 1 << 31;
    private static final int REPLACED_NOW = 1 << 30;
    private static final int USES = REPLACED_NOW - 1;

    /** Far longer than most replacements take, and far shorter than a person notices. */
    private static final long PAUSE_NANOS = 20_000;

    private static final int F_SETFD = 2;
    private static final int FD_CLOEXEC = 1;
    private static final int F_SETFL = 4;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int O_NONBLOCK = 0x800;

    /** The number of kcmp(2). */
    static final long KCMP = System.getProperty("os.arch").equals("amd64") ? 312 : 272;

    private static final int KCMP_FILE = 0;
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

    /**
     * The number of calls under way. The sign bit is set once this is closed, and the next bit
     * while no call may begin.
     */
    private volatile int state;

    private Fd(int number, boolean owned) {
        if (number < 0) {
            throw new IllegalArgumentException("not a file descriptor: " + number);
        }
        this.number = number;
        this.owned = owned;
    }

    /** Takes over descriptor {@code number}. From now on it is closed here and nowhere else. */
    public static Fd adopt(int number) {
        return new Fd(number, true);
    }

    /**
     * A descriptor that has another owner, who closes it. The caller ensures that it stays open
     * while it is used.
     */
    public static Fd borrow(int number) {
        return new Fd(number, false);
    }

    /** The number of the descriptor. It has no meaning once this is closed. */
    public int number() {
        return number;
    }

    /**
     * Begins a call: the descriptor stays open until {@link #release}. Returns false if it is
     * closed already.
     */
    public boolean acquire() {
        int seen;
        do {
            seen = state;
            if ((seen & REPLACED_NOW) != 0) {
                seen = awaitReplaced();
            }
            if (seen < 0) {
                return false;
            }
        } while (!STATE.compareAndSet(this, seen, seen + 1));
        return true;
    }

    /**
     * Waits parked, so that a virtual thread gives up its carrier: the thread of a call that has to
     * end first may need it. Threads that only yield can keep all carriers among themselves.
     */
    private int awaitReplaced() {
        boolean interrupted = false;
        int seen;
        do {
            // An interrupt would end each pause at once, so it is kept for later.
            interrupted |= Thread.interrupted();
            LockSupport.parkNanos(this, PAUSE_NANOS);
            seen = state;
        } while ((seen & REPLACED_NOW) != 0);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return seen;
    }

    /** Ends a call. */
    public void release() {
        if ((int) STATE.getAndAdd(this, -1) - 1 == CLOSED) {
            closeNow();
        }
    }

    /**
     * Returns when no call is under way, which is at once unless a thread is preempted in the
     * middle of a call.
     */
    public void awaitUnused() {
        while (uses() != 0) {
            SignalCalls.FASTEST.yieldToOthers();
        }
    }

    /** The number of calls under way at this moment. */
    public int uses() {
        return state & USES;
    }

    /**
     * Makes this number lead to the open file description of {@code other} instead of its own. The
     * change happens between two calls, so each call uses one of the two. For one thread at a time.
     *
     * @param wake ends calls under way that would take long
     * @param idle the number of acquisitions whose owners make no call before they acquire the
     *     descriptor again
     * @return a descriptor of the previous open file description; empty if this is closed
     */
    public Optional<Fd> replace(Fd other, Runnable wake, IntSupplier idle) throws ErrnoException {
        int seen;
        do {
            seen = state;
            if (seen < 0) {
                return Optional.empty();
            }
        } while (!STATE.compareAndSet(this, seen, seen | REPLACED_NOW));
        try {
            wake.run();
            while (uses() > idle.getAsInt()) {
                LIBC.sched_yield();
            }
            var before = duplicate();
            if (LIBC.dup3(other.number, number, Libc.O_CLOEXEC) < 0) {
                before.close();
                throw ErrnoException.ofLast("dup3(" + other + ", " + this + ")");
            }
            return Optional.of(before);
        } finally {
            if ((int) STATE.getAndBitwiseAnd(this, ~REPLACED_NOW) == (CLOSED | REPLACED_NOW)) {
                closeNow();
            }
        }
    }

    /** Whether {@link #close} was called; a last call may still be under way. */
    public boolean isClosed() {
        return state < 0;
    }

    /** Closes the descriptor as soon as no call is under way. Further calls do nothing. */
    @Override
    public void close() {
        if ((int) STATE.getAndBitwiseOr(this, CLOSED) == 0) {
            closeNow();
        }
    }

    private void closeNow() {
        if (owned) {
            // Linux frees the number even if close(2) fails, so there is nothing to retry.
            LIBC.close(number);
        }
    }

    /** Whether O_NONBLOCK is set on the open file description, which every holder shares. */
    public boolean isNonblocking() throws ErrnoException {
        return (flags() & O_NONBLOCK) != 0;
    }

    /** Sets or clears O_NONBLOCK on the open file description, which every holder shares. */
    public void setNonblocking(boolean on) throws ErrnoException {
        int flags = flags();
        int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
        // Usually the flag is as wanted already, and saving a call is worth it: each hand-out sets
        // the flag.
        if (wanted != flags && LIBC.fcntl(number, F_SETFL, wanted) < 0) {
            throw ErrnoException.ofLast("fcntl(fd=" + number + ", F_SETFL)");
        }
    }

    private int flags() throws ErrnoException {
        int flags = SignalCalls.FASTEST.statusFlags(number);
        if (flags < 0) {
            throw ErrnoException.of("fcntl(fd=" + number + ", F_GETFL)", -flags);
        }
        return flags;
    }

    /** Sets close-on-exec. */
    void setCloseOnExec() throws ErrnoException {
        if (LIBC.fcntl(number, F_SETFD, FD_CLOEXEC) < 0) {
            throw ErrnoException.ofLast("fcntl(fd=" + number + ", F_SETFD)");
        }
    }

    /** Whether it is an anonymous inode of the kind {@code name}, as its link in proc(5) tells. */
    boolean isAnonymous(String name) {
        var path = ("/proc/self/fd/" + number + "\0").getBytes(StandardCharsets.US_ASCII);
        var expected = ("anon_inode:" + name).getBytes(StandardCharsets.US_ASCII);
        var target = new byte[expected.length + 1];
        long length = LIBC.readlink(path, target, target.length);
        return length == expected.length
                && Arrays.equals(target, 0, expected.length, expected, 0, expected.length);
    }

    /**
     * Compares the open file descriptions: 0 if both are the same one. The result is empty if the
     * process may not use kcmp(2).
     *
     * @see <a href="https://man7.org/linux/man-pages/man2/kcmp.2.html">kcmp(2)</a>
     */
    OptionalInt compare(Fd other) {
        long self = LIBC.getpid();
        long order = LIBC.syscall(KCMP, self, self, KCMP_FILE, number, other.number);
        return order < 0 ? OptionalInt.empty() : OptionalInt.of((int) order);
    }

    /** Another descriptor of the same open file description. */
    public Fd duplicate() throws ErrnoException {
        int copy = LIBC.fcntl(number, F_DUPFD_CLOEXEC, 0);
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
