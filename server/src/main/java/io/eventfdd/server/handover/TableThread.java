package io.eventfdd.server.handover;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * The thread {@code eventfdd-table}, which runs the tasks of the table one after the other, in
 * their order. A task that is short and finds nothing to wait for may run on the thread that
 * reports it instead, because the way to another thread and back takes longer than a line.
 */
final class TableThread implements Executor {
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("eventfdd-table").factory());

    /** The number of tasks that were given to the thread and are not done. */
    private final AtomicInteger given = new AtomicInteger();

    /** Is held while a task runs, on whatever thread. */
    private final ReentrantLock running = new ReentrantLock();

    /**
     * Runs {@code task} after all tasks that were given before.
     *
     * @throws RejectedExecutionException after {@link #end}
     */
    @Override
    public void execute(Runnable task) {
        given.incrementAndGet();
        try {
            thread.execute(() -> run(task));
        } catch (RejectedExecutionException e) {
            given.decrementAndGet();
            throw e;
        }
    }

    private void run(Runnable task) {
        running.lock();
        try {
            task.run();
        } finally {
            running.unlock();
            given.decrementAndGet();
        }
    }

    /**
     * Runs {@code task} here and now if nothing was given to the thread that is not done, and if
     * {@code isShort} holds then. Otherwise nothing happens. One thread must report all tasks whose
     * order matters.
     *
     * @return whether it ran
     */
    boolean runNow(BooleanSupplier isShort, Runnable task) {
        if (!isIdle() || !running.tryLock()) {
            return false;
        }
        try {
            if (thread.isShutdown() || !isShort.getAsBoolean()) {
                return false;
            }
            task.run();
            return true;
        } finally {
            running.unlock();
        }
    }

    /** Whether all tasks that were given are done. */
    boolean isIdle() {
        return given.get() == 0;
    }

    /**
     * Ends the thread after all tasks that were given. What they did is visible to the caller, and
     * no task runs any more.
     *
     * @return whether that happened within {@code seconds}
     */
    boolean end(long seconds) throws InterruptedException {
        thread.shutdown();
        if (!thread.awaitTermination(seconds, TimeUnit.SECONDS)) {
            return false;
        }
        running.lock();
        try {
            return true;
        } finally {
            running.unlock();
        }
    }
}
