package io.eventfdd.internal;

import java.lang.System.Logger.Level;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Completes the futures of one client: on the user's executor, or, if that does not take the task,
 * on the thread that has the result. An executor rejects after a shutdown; one that starts threads
 * finds that there is none to be had; that of a user interface fails once the interface is gone. No
 * future is therefore left incomplete, no value that was taken for one is lost, and no other waiter
 * suffers from it.
 */
public final class Completions implements Executor {
    private static final System.Logger LOGGER = System.getLogger(Completions.class.getName());

    private final Executor executor;

    public Completions(Executor executor) {
        this.executor = executor;
    }

    @Override
    public void execute(Runnable task) {
        var once = new Once(task);
        try {
            executor.execute(once);
        } catch (RuntimeException | Error e) {
            LOGGER.log(Level.DEBUG, "the executor of the futures fails", e);
            once.run();
        }
    }

    /** A task that runs once, even if its executor has run or kept it before it failed. */
    private static final class Once implements Runnable {
        private final Runnable task;
        private final AtomicBoolean begun = new AtomicBoolean();

        Once(Runnable task) {
            this.task = task;
        }

        @Override
        public void run() {
            if (begun.compareAndSet(false, true)) {
                task.run();
            }
        }
    }
}
