package io.eventfdd.internal;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Completes the futures of one client: on the user's executor, or, if that rejects the task, as it
 * does after a shutdown, on the thread that has the result. No future is therefore left incomplete,
 * and no value that was taken for one is lost.
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
        } catch (RejectedExecutionException e) {
            task.run();
        }
    }
}
