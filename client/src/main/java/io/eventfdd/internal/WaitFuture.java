package io.eventfdd.internal;

import java.util.concurrent.CompletableFuture;

/**
 * The future of one wait. Whoever completes or cancels it from outside ends the wait first: once
 * anybody can see that the future is done, the wait takes nothing any more. A plain future would
 * tell its dependents in no particular order, and those that run before the wait has ended could
 * write a value that the wait still takes.
 *
 * <p>The wait itself completes it by {@link #deliver} and {@link #fail}.
 */
public final class WaitFuture<T> extends CompletableFuture<T> {
    private final Runnable endWait;

    /** Whether somebody is about to complete this from outside, as soon as the wait has ended. */
    private volatile boolean isEnding;

    /**
     * A future of a wait that {@code endWait} ends, if it has not ended yet.
     *
     * @param endWait can be called several times, by any thread
     */
    public WaitFuture(Runnable endWait) {
        this.endWait = endWait;
        // For the ways that cannot be overridden, such as completeAsync.
        var unused = whenComplete((value, failure) -> endWait.run());
    }

    /** The wait got {@code value}; false if the future was done before. */
    public boolean deliver(T value) {
        return super.complete(value);
    }

    /** The wait ended without a value: by itself, or because this is being completed. */
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

    /** Stages of this are ordinary futures: to cancel one does not end the wait. */
    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new CompletableFuture<>();
    }
}
