package io.eventfdd.client;

import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * A future in a line. What was taken for a future that somebody completed or cancelled first goes
 * back.
 *
 * <p>It is completed on the client's executor: what strangers hang onto it must not hold up the
 * epoll thread.
 */
final class FutureWaiter extends Waiter {
    private final CompletableFuture<Long> future = new CompletableFuture<>();
    private final Line line;
    private final LongSupplier count;

    /**
     * A future for {@code wish}.
     *
     * @param count what a future that wished for {@link Wish#READABLE} is completed with
     */
    FutureWaiter(Line line, Wish wish, LongSupplier count) {
        super(wish, 0);
        this.line = line;
        this.count = count;
    }

    /** The future of this, which stands in the line: whoever ends it otherwise takes it out. */
    CompletableFuture<Long> future() {
        var unused = future.whenComplete((value, failure) -> line.leave(this));
        return future;
    }

    @Override
    void served(long value) {
        line.executor().execute(() -> complete(value));
    }

    @Override
    void ended(Supplier<? extends RuntimeException> why) {
        line.executor().execute(() -> future.completeExceptionally(why.get()));
    }

    private void complete(long value) {
        if (wish() == Wish.VALUE) {
            if (!future.complete(value)) {
                line.putBack(value);
            }
            line.delivered();
            return;
        }
        try {
            future.complete(count.getAsLong());
        } catch (EventfddException e) {
            future.completeExceptionally(e);
        }
    }
}
