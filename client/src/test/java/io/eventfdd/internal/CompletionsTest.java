package io.eventfdd.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import org.junit.jupiter.api.Test;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/** What depends on an executor that takes no task is done nevertheless. */
class CompletionsTest {
    private final AtomicInteger done = new AtomicInteger();

    private void complete(Executor executor) {
        assertThatCode(() -> new Completions(executor).execute(done::incrementAndGet))
                .doesNotThrowAnyException();
    }

    @Test
    void anExecutorThatWasShutDownRejects() {
        complete(task -> {
            throw new RejectedExecutionException("shut down");
        });
        assertThat(done).hasValue(1);
    }

    /**
     * As the default one of {@link java.util.concurrent.CompletableFuture} does on few processors.
     */
    @Test
    void anExecutorThatNeedsAThreadMayGetNone() {
        complete(task -> {
            throw new OutOfMemoryError("unable to create native thread");
        });
        assertThat(done).hasValue(1);
    }

    /** As that of JavaFX does before its toolkit runs. */
    @Test
    void anExecutorMayFailInItsOwnWay() {
        complete(task -> {
            throw new IllegalStateException("Toolkit not initialized");
        });
        assertThat(done).hasValue(1);
    }

    @Test
    void whatAnExecutorHasDoneBeforeItFailsIsNotDoneAgain() {
        complete(task -> {
            task.run();
            throw new IllegalStateException("counted one too many");
        });
        assertThat(done).hasValue(1);
    }

    @Test
    void whatAnExecutorHasKeptBeforeItFailsIsNotDoneAgain() {
        var kept = new ArrayDeque<Runnable>();
        complete(task -> {
            kept.add(task);
            throw new IllegalStateException("nobody to wake");
        });
        kept.remove().run();
        assertThat(done).hasValue(1);
    }
}
