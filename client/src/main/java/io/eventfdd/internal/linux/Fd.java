package io.eventfdd.internal.linux;

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

    /** Far longer than most replacements take, and far shorter than anybody notices. */
    private static final long PAUSE_NANOS = 20_000;

    private static final int O_CLOEXEC = 0x80000;
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
     * How many calls are under way, the sign bit once closed, and the next one while nobody may
     * begin a call.
     */
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
     * Waits parked, so that a virtual thread gives up its carrier: that of a call which has to end
     * first may need it. Threads that yield can keep all carriers among themselves.
     */
    private int awaitReplaced() {
        boolean interrupted = false;
        int seen;
        do {
            // An interrupt would end each pause at once; it is kept for later.
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
     * Returns when no call is under way: at once, but for a caller that is preempted in the middle
     * of one.
     */
    public void awaitUnused() {
        while (uses() != 0) {
            SignalCalls.FASTEST.yieldToOthers();
        }
    }

    /** How many calls are under way at this moment. */
    public int uses() {
        return state & USES;
    }

    /**
     * Makes this number lead to the open file description that {@code other} leads to, and no
     * longer to its own; between two calls, so that each is made on one of both. For one thread at
     * a time.
     *
     * @param wake ends the calls under way that would last
     * @param idle how many have acquired the descriptor and make no call without acquiring it again
     * @return a descriptor of the description that was here before; empty where this is closed
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
                Libc.sched_yield();
            }
            var before = duplicate();
            if (Libc.dup3(other.number, number, O_CLOEXEC) < 0) {
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
        int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
        // Mostly it is so already, and a call less is worth it: each hand-out sets the flag.
        if (wanted != flags && Libc.fcntl(number, F_SETFL, wanted) < 0) {
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

    /** Closes it in the programs that this process may become. */
    void setCloseOnExec() throws ErrnoException {
        if (Libc.fcntl(number, F_SETFD, FD_CLOEXEC) < 0) {
            throw ErrnoException.ofLast("fcntl(fd=" + number + ", F_SETFD)");
        }
    }

    /** Whether it is of the kernel's own kind {@code name}, as its link in proc(5) tells. */
    boolean isAnonymous(String name) {
        var path = ("/proc/self/fd/" + number + "\0").getBytes(StandardCharsets.US_ASCII);
        var expected = ("anon_inode:" + name).getBytes(StandardCharsets.US_ASCII);
        var target = new byte[expected.length + 1];
        long length = Libc.readlink(path, target, target.length);
        return length == expected.length
                && Arrays.equals(target, 0, expected.length, expected, 0, expected.length);
    }

    /**
     * Compares the open file descriptions: 0 where both are the same one. Empty where the process
     * may not ask.
     *
     * @see <a href="https://man7.org/linux/man-pages/man2/kcmp.2.html">kcmp(2)</a>
     */
    OptionalInt compare(Fd other) {
        long self = Libc.getpid();
        long order = Libc.syscall(KCMP, self, self, KCMP_FILE, number, other.number);
        return order < 0 ? OptionalInt.empty() : OptionalInt.of((int) order);
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
