package io.eventfdd.internal.reactor;

import io.eventfdd.internal.linux.Cpu;
import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.ReadBuffer;

import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The thread {@code eventfdd-client-epoll}, which waits in the kernel on behalf of all parked
 * waiters: virtual threads and futures. It is a platform thread, because it blocks in a native
 * call, and a daemon thread, so that it keeps no JVM alive. No code of the application runs on it.
 */
public final class EpollThread implements AutoCloseable {
    /** A descriptor in the set, and the object that is told of its events. */
    public interface Target {
        /** Handles an event, on the epoll thread, which owns the buffer and the writer. */
        void ready(int events, ReadBuffer buffer, GuardedWriter writer);

        /** Called if the thread cannot serve the descriptor. */
        void fail(Exception cause);
    }

    private static final System.Logger LOGGER = System.getLogger(EpollThread.class.getName());
    private static final int EVENTS_AT_ONCE = 256;
    private static final long WAKE_KEY = 0;

    private final Epoll epoll;
    private final Waker waker;
    private final long spinNanos;
    private final Thread thread;

    /**
     * The members of the epoll set. A key is used only once, so events of a registration that is
     * gone find nothing.
     */
    private final Map<Long, Target> targets = new ConcurrentHashMap<>();

    private final AtomicLong lastKey = new AtomicLong(WAKE_KEY);
    private volatile boolean closing;

    private EpollThread(Epoll epoll, Waker waker, long spinNanos) {
        this.epoll = epoll;
        this.waker = waker;
        this.spinNanos = spinNanos;
        this.thread = new Thread(this::run, "eventfdd-client-epoll");
    }

    /**
     * Starts a thread.
     *
     * @param spinNanos how long it polls after an event before it sleeps
     */
    public static EpollThread start(long spinNanos) throws ErrnoException {
        var epoll = Epoll.create(EVENTS_AT_ONCE);
        try {
            var waker = Waker.create();
            try {
                epoll.add(waker.fd(), Epoll.IN, WAKE_KEY);
                var started = new EpollThread(epoll, waker, spinNanos);
                started.thread.setDaemon(true);
                started.thread.start();
                return started;
            } catch (ErrnoException | RuntimeException | Error e) {
                waker.close();
                throw e;
            }
        } catch (ErrnoException | RuntimeException | Error e) {
            // An error if there is no thread to be had.
            epoll.close();
            throw e;
        }
    }

    // The lines call these under their lock.

    /**
     * Adds {@code fd} to the set, and returns the key of its registration.
     *
     * @throws ErrnoException EBADF if the thread has ended
     */
    public long add(Fd fd, int interest, Target target) throws ErrnoException {
        long key = lastKey.incrementAndGet();
        targets.put(key, target);
        try {
            epoll.add(fd, interest, key);
        } catch (ErrnoException e) {
            targets.remove(key);
            throw e;
        }
        return key;
    }

    /**
     * Changes the events that are asked for. The kernel reports at once those that are there
     * already.
     */
    public void modify(Fd fd, int interest, long key) throws ErrnoException {
        epoll.modify(fd, interest, key);
    }

    /** Removes {@code fd} from the set, which has nothing any more if the thread has ended. */
    public void remove(Fd fd, long key) throws ErrnoException {
        targets.remove(key);
        epoll.remove(fd);
    }

    private void run() {
        try (epoll;
                waker;
                var writer = new GuardedWriter()) {
            var buffer = new ReadBuffer();
            while (!closing) {
                int count = next();
                for (int i = 0; i < count; i++) {
                    var target = targets.get(epoll.data(i));
                    if (target != null) {
                        serve(target, epoll.events(i), buffer, writer);
                    }
                }
            }
        } catch (ErrnoException | RuntimeException | Error e) {
            // The set is closed by now, so that nobody comes into it unseen.
            LOGGER.log(Level.DEBUG, "the epoll thread ends", e);
            targets.values().forEach(target -> fail(target, e));
        }
    }

    /**
     * Waits for events. It polls for a moment first, because the next one is often near, and the
     * kernel takes tens of microseconds to wake a thread on an idle processor.
     */
    private int next() throws ErrnoException {
        long start = System.nanoTime();
        while (System.nanoTime() - start < spinNanos) {
            int count = epoll.await(0);
            if (count > 0) {
                return count;
            }
            Cpu.yieldToOthers();
        }
        return epoll.await(-1);
    }

    private static void serve(Target target, int events, ReadBuffer buffer, GuardedWriter writer) {
        try {
            target.ready(events, buffer, writer);
        } catch (RuntimeException | Error e) {
            // The failure of one must not affect the others, not even if it finds no memory, or no
            // thread to be had.
            LOGGER.log(Level.DEBUG, "cannot serve one", e);
            fail(target, e);
        }
    }

    private static void fail(Target target, Throwable cause) {
        try {
            target.fail(
                    cause instanceof Exception failure
                            ? failure
                            : new IllegalStateException(
                                    "the thread that waits could not serve it", cause));
        } catch (RuntimeException | Error e) {
            LOGGER.log(Level.DEBUG, "cannot tell one", e);
        }
    }

    /**
     * Ends the thread, and returns once it has closed its descriptors. All lines must be closed
     * first.
     */
    @Override
    public void close() {
        closing = true;
        waker.wake();
        boolean interrupted = false;
        while (thread.isAlive() && thread != Thread.currentThread()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
