package io.eventfdd.client;

import io.eventfdd.internal.WaitFuture;

import java.io.Closeable;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * A gate that processes share. It opens once: then all that wait for it pass, and so do all that
 * come later. The gate is open if the count of its eventfd is not 0, so nothing must read that
 * eventfd. Safe for all threads.
 *
 * <pre>{@code
 * try (EventfdGate ready = client.openGate("ready")) {
 *     ready.open();
 *     ready.await();
 *     System.out.println(ready.isOpen()); // true
 * }
 * }</pre>
 */
public final class EventfdGate implements Closeable {
    private final Eventfd eventfd;

    /**
     * Makes a gate of {@code eventfd}, which is closed with the gate.
     *
     * @throws IllegalArgumentException if it is in semaphore mode
     */
    public EventfdGate(Eventfd eventfd) {
        if (eventfd.isSemaphore()) {
            throw new IllegalArgumentException(eventfd.name() + " is in semaphore mode");
        }
        this.eventfd = eventfd;
    }

    /** Opens the gate; does nothing if it is open. */
    public void open() {
        if (!isOpen()) {
            // If there is no room for it, others have opened it meanwhile.
            var unused = eventfd.tryWrite(1);
        }
    }

    /** Whether the gate is open. */
    public boolean isOpen() {
        return eventfd.count() != 0;
    }

    /** Waits until the gate is open. */
    public void await() throws InterruptedException {
        eventfd.await();
    }

    /**
     * Waits until the gate is open, but no longer than {@code timeout}; false if it stayed shut.
     */
    public boolean await(Duration timeout) throws InterruptedException {
        return eventfd.await(timeout);
    }

    /** Completes once the gate is open. To cancel the future ends the wait. */
    public CompletableFuture<Void> awaitAsync() {
        var wait = eventfd.awaitAsync();
        var future = new WaitFuture<Void>(() -> wait.cancel(false));
        var unused =
                wait.whenComplete((count, failure) -> {
                    if (failure == null) {
                        future.deliver(null);
                    } else {
                        future.fail(failure);
                    }
                });
        return future;
    }

    /** The eventfd of the gate. */
    public Eventfd eventfd() {
        return eventfd;
    }

    @Override
    public void close() {
        eventfd.close();
    }

    @Override
    public String toString() {
        return "gate on " + eventfd;
    }
}
