package io.eventfdd.internal;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Completes the futures of one client: on the user's executor, or, if that does not take the task,
 * on the thread that has the result. An executor rejects after a shutdown; one that starts threads
 * finds that there is none to be had. No future is therefore left incomplete, and no value that was
 * taken for one is lost.
 */
public final class Completions implements Executor {
    private final Executor executor;

    public Completions(Executor executor) {
        this.executor = executor;
    }

    @Override
    public void execute(Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            task.run();
        }
    }
}
