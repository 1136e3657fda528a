package io.eventfdd.internal.raw;

import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.DaemonUnavailableException;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A wait for raw eventfds that somebody else makes, as the daemon does if others are not raw: it
 * ends when one of the handles is closed.
 */
public final class WaitElsewhere {
    /** A call that waits. */
    @FunctionalInterface
    public interface Call<T> {
        T make() throws InterruptedException;
    }

    private WaitElsewhere() {}

    /**
     * Makes {@code call}, which waits for {@code eventfds}.
     *
     * @param end ends the call; it is run if one of them is closed
     */
    public static <T> T on(List<RawEventfd> eventfds, Runnable end, Call<T> call)
            throws InterruptedException {
        Map<Line, Waiter> waiters = new HashMap<>();
        try {
            for (var eventfd : eventfds) {
                var waiter = new CloseWaiter(end);
                eventfd.line().join(waiter);
                waiters.put(eventfd.line(), waiter);
            }
            return call.make();
        } catch (ConnectionLostException | DaemonUnavailableException e) {
            eventfds.forEach(RawEventfd::checkOpen);
            throw e;
        } finally {
            waiters.forEach(Line::leave);
        }
    }

    private static final class CloseWaiter extends Waiter {
        private final Runnable end;

        CloseWaiter(Runnable end) {
            super(Wish.CLOSE, 0);
            this.end = end;
        }

        @Override
        void served(long value) {}

        @Override
        void ended(Supplier<? extends RuntimeException> why) {
            end.run();
        }
    }
}
