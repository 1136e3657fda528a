package io.eventfdd.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Whoever completes a future ends its wait first, and what becomes of the wait does not overtake
 * that.
 */
@Timeout(300)
class WaitFutureTest {
    private final List<WaitFuture<Long>> futures = new ArrayList<>();

    /** A future whose wait does {@code last} when it is ended, as its thread could just then. */
    private WaitFuture<Long> future(Consumer<WaitFuture<Long>> last) {
        var future = new WaitFuture<Long>(() -> futures.forEach(last));
        futures.add(future);
        return future;
    }

    private WaitFuture<Long> cutOff() {
        return future(it -> it.fail(new IllegalStateException("cut off")));
    }

    @Test
    void aFutureThatIsCancelledIsCancelled() {
        var future = cutOff();
        assertThat(future.cancel(false)).isTrue();
        assertThat(future).isCancelled();
    }

    @Test
    void aFutureThatSomebodyElseCompletesHasThatOnesValue() {
        var future = cutOff();
        assertThat(future.complete(5L)).isTrue();
        assertThat(future).isCompletedWithValue(5L);
    }

    @Test
    void aFutureThatSomebodyElseFailsHasThatOnesFailure() {
        var future = cutOff();
        var mine = new IllegalArgumentException("mine");
        assertThat(future.completeExceptionally(mine)).isTrue();
        assertThat(future.handle((value, failure) -> failure)).isCompletedWithValue(mine);
    }

    @Test
    void aValueThatCameBeforeTheEndIsTheFutures() {
        var future = future(it -> {});
        assertThat(future.deliver(7L)).isTrue();
        assertThat(future.cancel(false)).isFalse();
        assertThat(future).isCompletedWithValue(7L);
    }

    @Test
    void aValueThatTheWaitFindsWhileItIsEndedIsNotTheFutures() {
        var delivered = new ArrayList<Boolean>();
        var future = future(it -> delivered.add(it.deliver(7L)));
        assertThat(future.cancel(false)).isTrue();
        assertThat(future).isCancelled();
        assertThat(delivered).as("so the value goes back").isNotEmpty().containsOnly(false);
    }

    @Test
    void aWaitThatFailsByItselfFailsItsFuture() {
        var future = future(it -> {});
        future.fail(new IllegalStateException("gone"));
        assertThat(future).isCompletedExceptionally();
    }
}
