package io.eventfdd.internal;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Where the futures of one client are completed: on the user's executor, or on the thread that has
 * the result if the executor rejects it, as one does that was shut down. So no future is left
 * incomplete, and no value that was taken for one is lost.
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
