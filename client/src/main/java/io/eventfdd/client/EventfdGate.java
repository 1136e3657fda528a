package io.eventfdd.client;

import java.io.Closeable;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * A gate that processes share, which opens once: all who wait for it pass, and so do all who come
 * later. It is open where the count of its eventfd is not 0; nobody is to read that. Safe for all
 * threads.
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
     * A gate on {@code eventfd}, which is closed with it.
     *
     * @throws IllegalArgumentException if it is in semaphore mode
     */
    public EventfdGate(Eventfd eventfd) {
        if (eventfd.isSemaphore()) {
            throw new IllegalArgumentException(eventfd.name() + " is in semaphore mode");
        }
        this.eventfd = eventfd;
    }

    /** Opens the gate; does nothing where it is open. */
    public void open() {
        if (!isOpen()) {
            // Where there is no room for it, others have opened it meanwhile.
            var unused = eventfd.tryWrite(1);
        }
    }

    /** Whether it is open. */
    public boolean isOpen() {
        return eventfd.count() != 0;
    }

    /** Waits until it is open. */
    public void await() throws InterruptedException {
        eventfd.await();
    }

    /** Waits until it is open; false where it was not for all of {@code timeout}. */
    public boolean await(Duration timeout) throws InterruptedException {
        return eventfd.await(timeout);
    }

    /** Completes once it is open. */
    public CompletableFuture<Void> awaitAsync() {
        return eventfd.awaitAsync().thenAccept(count -> {});
    }

    /** What it is made of. */
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
