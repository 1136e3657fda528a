package io.eventfdd.internal.raw;

import io.eventfdd.internal.Completions;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.WriteWatch;
import io.eventfdd.internal.reactor.EpollThread;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * What the raw handles of one client share to wait with. Its threads and descriptors are made when
 * they are first needed. Closed after all handles.
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

    /** How long a wait asks again and again before it gives up the processor. */
    long spinNanos() {
        return spinNanos;
    }

    /** Where futures are completed. */
    Executor executor() {
        return executor;
    }

    Sleepers sleepers() {
        return sleepers;
    }

    /** What ends writes that block. */
    WriteWatch writeWatch() {
        return writeWatch;
    }

    /** The thread that waits for those who park. */
    EpollThread epollThread() throws ErrnoException {
        var running = epollThread;
        if (running == null) {
            synchronized (startLock) {
                running = epollThread;
                if (running == null) {
                    running = EpollThread.start();
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
