package io.eventfdd.internal.raw;

import io.eventfdd.client.EventfddException;
import io.eventfdd.internal.WaitFuture;

import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * A future in a line. If somebody completed or cancelled the future first, the value that was taken
 * for it goes back.
 *
 * <p>It is completed on the client's executor, because actions of the application that depend on it
 * must not hold up the epoll thread.
 */
final class FutureWaiter extends Waiter {
    private static final System.Logger LOGGER = System.getLogger(FutureWaiter.class.getName());

    private final WaitFuture<Long> future;
    private final Line line;
    private final LongSupplier count;

    /**
     * Creates a future for {@code wish}.
     *
     * @param count gives the value that completes a future that waits for {@link Wish#READABLE}
     */
    FutureWaiter(Line line, Wish wish, LongSupplier count) {
        super(wish, 0);
        this.line = line;
        this.count = count;
        this.future = new WaitFuture<>(this::leave);
    }

    /**
     * The future of this waiter. If it is completed from outside, the waiter first leaves the line.
     */
    CompletableFuture<Long> future() {
        return future;
    }

    private void leave() {
        try {
            line.leave(this);
        } catch (EventfddException e) {
            // It has left anyway; the epoll set may report an event that nobody waits for.
            LOGGER.log(Level.DEBUG, "cannot change the epoll set", e);
        }
    }

    @Override
    void served(long value) {
        line.executor().execute(() -> complete(value));
    }

    @Override
    void ended(Supplier<? extends RuntimeException> why) {
        line.executor().execute(() -> future.fail(why.get()));
    }

    private void complete(long value) {
        if (wish() == Wish.VALUE) {
            if (!future.deliver(value)) {
                line.putBack(value);
            }
            line.delivered();
            return;
        }
        try {
            future.deliver(count.getAsLong());
        } catch (EventfddException e) {
            future.fail(e);
        }
    }
}
