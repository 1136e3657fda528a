package io.eventfdd.internal.raw;

import io.eventfdd.internal.Completions;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.WriteWatch;
import io.eventfdd.internal.reactor.EpollThread;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * The threads and buffers that the raw handles of one client share for their waits. Threads and
 * descriptors are created when they are first needed. It is closed after all handles.
 */
final class RawWaits implements AutoCloseable {
    private final long spinNanos;
    private final Executor executor;
    private final Sleepers sleepers = new Sleepers();
    private final WriteWatch writeWatch = new WriteWatch();
    private final Object startLock = new Object();
    private volatile @Nullable EpollThread epollThread;

    RawWaits(Duration spin, Executor executor) {
        this.spinNanos = spin.toNanos();
        this.executor = new Completions(executor);
    }

    /** How long a wait polls before it gives up the processor. */
    long spinNanos() {
        return spinNanos;
    }

    /** The executor that completes futures. */
    Executor executor() {
        return executor;
    }

    Sleepers sleepers() {
        return sleepers;
    }

    /** The watch that ends writes that block. */
    WriteWatch writeWatch() {
        return writeWatch;
    }

    /** The thread that waits on behalf of parked waiters. */
    EpollThread epollThread() throws ErrnoException {
        var running = epollThread;
        if (running == null) {
            synchronized (startLock) {
                running = epollThread;
                if (running == null) {
                    running = EpollThread.start(spinNanos);
                    epollThread = running;
                }
            }
        }
        return running;
    }

    @Override
    public void close() {
        var running = epollThread;
        if (running != null) {
            running.close();
        }
        sleepers.close();
        writeWatch.close();
    }
}
