package io.eventfdd.internal;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.CompletableFuture;

/**
 * The future of one wait. To complete or cancel it from outside first ends the wait: once anybody
 * can see that the future is done, the wait takes nothing any more. A plain future would tell its
 * dependents in no particular order, and those that run before the wait has ended could write a
 * value that the wait still takes.
 *
 * <p>The wait itself completes the future with {@link #deliver} and {@link #fail}.
 */
public final class WaitFuture<T> extends CompletableFuture<T> {
    private final Runnable endWait;

    /**
     * Whether somebody completes this, or has tried to; it is then done once the wait has ended.
     */
    private volatile boolean isEnding;

    /**
     * Creates the future of a wait. {@code endWait} ends the wait, if it has not ended yet.
     *
     * @param endWait can be called several times, by any thread
     */
    public WaitFuture(Runnable endWait) {
        this.endWait = endWait;
        // For the methods that cannot be overridden, such as completeAsync.
        var unused = whenComplete((value, failure) -> endWait.run());
    }

    /**
     * Completes the future with {@code value}. Returns false if it was done before, or if somebody
     * is completing it: a wait that is ended may still find out that it has taken a value, and that
     * must not overtake the one who ended it.
     */
    public boolean deliver(@Nullable T value) {
        return !isEnding && super.complete(value);
    }

    /**
     * Notes that the wait ended without a value, by itself or because the future is being
     * completed.
     */
    public void fail(Throwable failure) {
        if (!isEnding) {
            super.completeExceptionally(failure);
        }
    }

    private void end() {
        isEnding = true;
        endWait.run();
    }

    @Override
    public boolean complete(T value) {
        end();
        return super.complete(value);
    }

    @Override
    public boolean completeExceptionally(Throwable failure) {
        end();
        return super.completeExceptionally(failure);
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        end();
        return super.cancel(mayInterruptIfRunning);
    }

    /** Dependent stages are ordinary futures: cancelling one does not end the wait. */
    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new CompletableFuture<>();
    }
}
