package io.eventfdd.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.lang.reflect.Proxy;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;

/** The future of a gate, and the wait on the gate's eventfd. */
class EventfdGateTest {
    private final CompletableFuture<Long> wait = new CompletableFuture<>();
    private final EventfdGate gate = new EventfdGate(counter());

    /** A counter that can only be waited for. */
    private Eventfd counter() {
        return (Eventfd)
                Proxy.newProxyInstance(
                        Eventfd.class.getClassLoader(),
                        new Class<?>[] {Eventfd.class},
                        (proxy, method, arguments) ->
                                switch (method.getName()) {
                                    case "isSemaphore" -> false;
                                    case "awaitAsync" -> wait;
                                    default -> throw new AssertionError(method);
                                });
    }

    @Test
    void aFutureIsCompletedOnceTheCountIsNotZero() {
        var future = gate.awaitAsync();
        assertThat(future).isNotDone();
        wait.complete(3L);
        assertThat(future).isCompletedWithValue(null);
    }

    @Test
    void aWaitThatFailsFailsItsFuture() {
        var future = gate.awaitAsync();
        var closed = new ClosedEventfdException("closed", null);
        wait.completeExceptionally(closed);
        assertThat(future.handle((nothing, failure) -> failure)).isCompletedWithValue(closed);
    }

    /** Otherwise each would stay in line until the gate opens. */
    @Test
    void aFutureThatIsCancelledEndsItsWait() {
        var future = gate.awaitAsync();
        assertThat(future.cancel(false)).isTrue();
        assertThat(future).isCancelled();
        assertThat(wait).isCancelled();
    }

    @Test
    void aFutureWhoseTimeIsUpEndsItsWait() {
        var future = gate.awaitAsync();
        var late = new TimeoutException();
        assertThat(future.completeExceptionally(late)).isTrue();
        assertThat(future.handle((nothing, failure) -> failure)).isCompletedWithValue(late);
        assertThat(wait).isCancelled();
    }
}
