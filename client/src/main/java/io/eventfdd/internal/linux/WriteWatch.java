package io.eventfdd.internal.linux;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Writes to shared eventfds that block for a moment at most, on any thread, whatever other holders
 * do meanwhile. It owns the thread {@code eventfdd-write-watch}, which interrupts those that block.
 *
 * <p><b>Why.</b> A write(2) blocks while there is no room and O_NONBLOCK is clear. Any holder can
 * fill the count and clear the flag between a look at both and the write, and the kernel has no
 * write that ignores the flag, as {@code RWF_NOWAIT} does for reads. So a blocked write has to be
 * interrupted from outside; it then returns EINTR and has added nothing.
 *
 * <p><b>What is guaranteed.</b> Each write that is under way occupies a slot. While there are any,
 * the thread looks at the slots each {@link #TICK}. If a slot has the same write at two looks in a
 * row, a signal goes to the threads of this process that are in a write(2) to its eventfd; again at
 * each look, until the slot is empty. So a write that blocks is over after about {@code 3 * TICK},
 * and later only if the scheduler does not let the thread run, or if this process has no descriptor
 * left to read proc(5) by.
 *
 * <p><b>What it costs.</b> A write takes and leaves a slot, which is 10 ns beside a system call of
 * 250; an alarm for each write (timer_settime(2), twice) would double it. When the slots have been
 * empty at several looks the thread sleeps, until the next write wakes it. No write goes unwatched:
 * a writer fills its slot and then looks whether the thread is awake; the thread says that it
 * sleeps and then looks at the slots once more.
 *
 * <p>Safe for all threads. Those that are stuck are found by what the kernel says of each thread,
 * so that a virtual one need not ask for the id of its carrier at each write.
 */
public final class WriteWatch implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(WriteWatch.class.getName());

    /** The time between two looks at the slots. */
    private static final long TICK = TimeUnit.MILLISECONDS.toNanos(5);

    /** How many looks in a row find no write before the thread sleeps. */
    private static final int IDLE_LOOKS = 10;

    /** More than there are threads in a short system call at once; a power of two. */
    private static final int SLOTS = 64;

    /** Slots are two cache lines apart, so that threads do not slow down each other. */
    private static final int STRIDE = 2 * 64 / Long.BYTES;

    /** In the upper half of a slot: the number of its write. */
    private static final long NEXT_WRITE = 1L << Integer.SIZE;

    /** In the lower half of a slot: the descriptor's number and 1, or 0 if the slot is empty. */
    private static final long FD = NEXT_WRITE - 1;

    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(long[].class);
    private static final Path THREADS = Path.of("/proc/self/task");

    /** How the kernel shows a thread that is in a write(2): by the number of the call. */
    private static final String WRITE =
            System.getProperty("os.arch").equals("amd64") ? "1 " : "64 ";

    private final long[] slots = new long[SLOTS * STRIDE];

    /** The slots as they were at the last look. Only the thread uses them. */
    private final long[] seen = new long[SLOTS];

    /** Written by the thread alone. */
    private volatile int moment;

    private volatile boolean awake;

    /** Started by a write; guarded by this, as what follows. */
    private @Nullable Thread thread;

    private boolean closed;

    /**
     * As {@link EventFd#write}, but returns false as well if the write blocked and was interrupted:
     * nothing was added then.
     *
     * @param value 1 to 2^64-2, unsigned
     */
    public boolean write(EventFd eventFd, long value) throws ErrnoException {
        int slot = ((int) Thread.currentThread().getId() & (SLOTS - 1)) * STRIDE;
        long empty = slots[slot];
        long full = (empty & ~FD) + NEXT_WRITE + eventFd.fd().number() + 1;
        if ((empty & FD) != 0 || !SLOT.compareAndSet(slots, slot, empty, full)) {
            return writeElsewhere(eventFd, value, slot);
        }
        return write(eventFd, value, slot, full);
    }

    /** As {@link #write}, if another thread has the slot. */
    private boolean writeElsewhere(EventFd eventFd, long value, int taken) throws ErrnoException {
        int slot = taken;
        long empty;
        long full;
        do {
            Thread.onSpinWait();
            slot = (slot + STRIDE) % slots.length;
            empty = (long) SLOT.getVolatile(slots, slot) & ~FD;
            full = empty + NEXT_WRITE + eventFd.fd().number() + 1;
        } while (!SLOT.compareAndSet(slots, slot, empty, full));
        return write(eventFd, value, slot, full);
    }

    private boolean write(EventFd eventFd, long value, int slot, long full) throws ErrnoException {
        try {
            if (!awake) {
                wake();
            }
            return eventFd.write(value);
        } finally {
            SLOT.setRelease(slots, slot, full & ~FD);
        }
    }

    /**
     * A number that is another one some milliseconds later: a clock that costs nothing to look at.
     * It stands still only while nobody writes.
     */
    public int moment() {
        return moment;
    }

    private synchronized void wake() {
        if (awake) {
            return;
        }
        if (thread == null) {
            var started = new Thread(this::run, "eventfdd-write-watch");
            started.setDaemon(true);
            started.start(); // before the rest, as there may be no thread to be had
            thread = started;
        }
        awake = true;
        LockSupport.unpark(thread);
    }

    // The thread

    private void run() {
        do {
            watch();
        } while (sleep());
    }

    /** Looks at the slots until they were empty several times in a row. */
    private void watch() {
        int idle = 0;
        while (idle < IDLE_LOOKS) {
            LockSupport.parkNanos(this, TICK);
            idle = look() ? 0 : idle + 1;
        }
    }

    /** Sleeps until a write wakes this thread: true; or returns false once this is closed. */
    private boolean sleep() {
        awake = false;
        if (look()) {
            awake = true;
        }
        while (!awake) {
            if (endIfClosed()) {
                return false;
            }
            LockSupport.park(this);
            // An interrupt, for which nobody has a reason, must not make this spin.
            Thread.interrupted();
        }
        return true;
    }

    private synchronized boolean endIfClosed() {
        if (awake || !closed) {
            return false;
        }
        thread = null;
        return true;
    }

    /** Interrupts the writes that block. Returns whether there are any writes. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    private boolean look() {
        Thread.interrupted();
        moment++;
        boolean any = false;
        Set<Integer> blocked = new HashSet<>();
        for (int i = 0; i < SLOTS; i++) {
            long now = (long) SLOT.getVolatile(slots, i * STRIDE);
            if ((now & FD) != 0) {
                any = true;
                if (now == seen[i]) {
                    blocked.add((int) (now & FD) - 1);
                }
            }
            seen[i] = now;
        }
        if (!blocked.isEmpty()) {
            interrupt(blocked);
        }
        return any;
    }

    /** Interrupts the threads that are in a write(2) to one of {@code fds}. */
    private static void interrupt(Set<Integer> fds) {
        try (var threads = Files.newDirectoryStream(THREADS)) {
            InterruptSignal.install();
            for (var thread : threads) {
                if (isWriting(thread, fds)) {
                    InterruptSignal.sendTo(Integer.parseInt(thread.getFileName().toString()));
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // Such as EMFILE; the next look tries again.
            LOGGER.log(Level.DEBUG, "cannot interrupt a write that blocks", e);
        }
    }

    /** By the call that {@code thread} is in, as in {@code 1 0x7 0x7f… …}. */
    private static boolean isWriting(Path thread, Set<Integer> fds) {
        try {
            var call = Files.readString(thread.resolve("syscall"));
            int end = call.indexOf(' ', WRITE.length());
            return call.startsWith(WRITE)
                    && end > 0
                    && fds.contains(Integer.decode(call.substring(WRITE.length(), end)));
        } catch (IOException e) {
            // It has ended meanwhile.
            return false;
        }
    }

    /**
     * Ends the thread, some looks later. Writes that come all the same, such as of a value on its
     * way back, are watched nevertheless: they start another one.
     */
    @Override
    public synchronized void close() {
        closed = true;
        LockSupport.unpark(thread);
    }
}
