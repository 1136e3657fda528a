package io.eventfdd.client;

import java.io.Closeable;
import java.time.Duration;

/**
 * A semaphore that processes share: the count of an eventfd in semaphore mode is its permits. The
 * methods are named as in {@link java.util.concurrent.Semaphore}. Safe for all threads.
 *
 * <pre>{@code
 * try (EventfdSemaphore workers = client.openSemaphore("workers", 4)) {
 *     workers.acquire();
 *     try {
 *         System.out.println("one of four");
 *     } finally {
 *         workers.release();
 *     }
 * }
 * }</pre>
 *
 * <p>The kernel gives one permit at a time. So there is no {@code acquire(n)}: two callers that
 * have half of their permits would wait for each other. If a process is killed, the permits that it
 * has acquired do not come back.
 */
public final class EventfdSemaphore implements Closeable {
    private final Eventfd eventfd;

    /**
     * Makes a semaphore of {@code eventfd}, which is closed with the semaphore.
     *
     * @throws IllegalArgumentException if it is not in semaphore mode
     */
    public EventfdSemaphore(Eventfd eventfd) {
        if (!eventfd.isSemaphore()) {
            throw new IllegalArgumentException(eventfd.name() + " is not in semaphore mode");
        }
        this.eventfd = eventfd;
    }

    /** Takes a permit; waits until there is one. */
    public void acquire() throws InterruptedException {
        var unused = eventfd.read();
    }

    /** Takes a permit if there is one. */
    public boolean tryAcquire() {
        return eventfd.tryRead().isPresent();
    }

    /**
     * Takes a permit, and waits for one no longer than {@code timeout}; false if there was none.
     */
    public boolean tryAcquire(Duration timeout) throws InterruptedException {
        return eventfd.read(timeout).isPresent();
    }

    /** Adds a permit, whichever process took it. */
    public void release() {
        release(1);
    }

    /** Adds {@code permits} at once. */
    public void release(long permits) {
        eventfd.write(permits);
    }

    /** How many permits there are at this moment. */
    public long availablePermits() {
        return eventfd.count();
    }

    /** The eventfd of the semaphore. */
    public Eventfd eventfd() {
        return eventfd;
    }

    @Override
    public void close() {
        eventfd.close();
    }

    @Override
    public String toString() {
        return "semaphore on " + eventfd;
    }
}
