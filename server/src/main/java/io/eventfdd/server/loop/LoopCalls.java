package io.eventfdd.server.loop;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.ProblemException;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Runs calls on the loop's thread and waits for their results. For all threads but the loop's own.
 */
public final class LoopCalls {
    /** A time within which a healthy loop always answers. */
    private static final Duration TURN = Duration.ofSeconds(2);

    private final EventLoop loop;

    /** Creates the calls to {@code loop}. */
    public LoopCalls(EventLoop loop) {
        this.loop = loop;
    }

    /** A call on the loop's thread. */
    @FunctionalInterface
    public interface Call<T> {
        T get() throws IOException;
    }

    /**
     * Runs {@code call} and returns its result. A problem that it throws is thrown here.
     *
     * @throws ProblemException {@code internal} if the loop has ended
     */
    public <T> T get(Call<T> call) {
        return join(
                begin(
                        call,
                        result ->
                                result.completeExceptionally(
                                        new ProblemException(
                                                ProblemType.INTERNAL,
                                                "the event loop has ended"))));
    }

    /** Waits for the result of {@code future}. A problem is thrown as it is. */
    public static <T> T join(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof ProblemException problem) {
                throw problem;
            }
            throw e;
        }
    }

    /** Runs {@code task}. Returns false if the loop has ended. */
    public boolean run(EventLoop.Task task) {
        return join(begin(task));
    }

    /** Whether the loop answers within a time that no healthy loop needs. */
    public boolean isTurning() {
        return begin(() -> {})
                .completeOnTimeout(false, TURN.toMillis(), TimeUnit.MILLISECONDS)
                .join();
    }

    private CompletableFuture<Boolean> begin(EventLoop.Task task) {
        return begin(
                () -> {
                    task.run();
                    return true;
                },
                done -> done.complete(false));
    }

    /** Submits {@code call}; {@code atEnd} completes its result if the loop has ended. */
    private <T> CompletableFuture<T> begin(Call<T> call, Consumer<CompletableFuture<T>> atEnd) {
        var result = new CompletableFuture<T>();
        loop.submit(
                new EventLoop.Task() {
                    @Override
                    public void run() throws IOException {
                        try {
                            result.complete(call.get());
                        } catch (ProblemException problem) {
                            result.completeExceptionally(problem);
                        } catch (IOException | RuntimeException | Error e) {
                            abandon(); // the loop ends by this
                            throw e;
                        }
                    }

                    @Override
                    public void abandon() {
                        atEnd.accept(result);
                    }
                });
        return result;
    }
}
