package io.eventfdd.server.eventfds;

import io.eventfdd.internal.wire.WaiterState;
import io.eventfdd.internal.wire.WaiterState.Kind;
import io.eventfdd.server.eventfds.Waiter.Consumer;
import io.eventfdd.server.eventfds.Waiter.Observer;
import io.eventfdd.server.eventfds.Waiter.Taker;
import io.eventfdd.server.eventfds.Waiter.Watcher;
import io.eventfdd.server.eventfds.Waiter.Writer;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;

/**
 * Some of the calls that wait on one eventfd, in order of arrival.
 *
 * @param last the place of the last one; no two calls have the same
 * @param more whether there are more
 */
public record WaitingCalls(List<WaiterState> waiters, long last, boolean more) {
    /**
     * Those of {@code waiters} that come after a place.
     *
     * @param target the eventfd
     * @param waiters in no order
     * @param nanoTime the time of the loop's clock, which is that of {@code now}
     */
    static WaitingCalls of(
            NamedEventfd target,
            List<Waiter> waiters,
            long after,
            int limit,
            long nanoTime,
            Instant now) {
        var all =
                waiters.stream()
                        .filter(waiter -> waiter.sequence() > after)
                        .sorted(Comparator.comparingLong(Waiter::sequence))
                        .toList();
        var page = all.subList(0, Math.min(limit, all.size()));
        return new WaitingCalls(
                page.stream()
                        .map(waiter -> {
                            long waited = Math.max(0, nanoTime - waiter.waitingSince());
                            return state(target, waiter, now.minusNanos(waited));
                        })
                        .toList(),
                page.isEmpty() ? after : page.getLast().sequence(),
                page.size() < all.size());
    }

    private static WaiterState state(NamedEventfd target, Waiter waiter, Instant since) {
        int index = waiter.targets().indexOf(target);
        var kind =
                switch (waiter) {
                    case Taker _ -> Kind.LEASE;
                    case Consumer _ -> Kind.READ;
                    case Observer _ -> Kind.WAIT;
                    case Writer _ -> Kind.WRITE;
                    case Watcher _ -> throw new AssertionError("it does not wait");
                };
        var value =
                switch (waiter) {
                    case Taker taker -> OptionalLong.of(taker.amount(index));
                    case Consumer consumer when target.spec().semaphore() ->
                            OptionalLong.of(consumer.most());
                    case Writer writer -> OptionalLong.of(writer.value(index));
                    default -> OptionalLong.empty();
                };
        var peer = waiter.caller().peer();
        return new WaiterState(
                kind, value, peer.pid(), peer.uid(), since.truncatedTo(ChronoUnit.MICROS));
    }
}
