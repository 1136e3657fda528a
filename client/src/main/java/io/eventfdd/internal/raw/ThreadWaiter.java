package io.eventfdd.internal.raw;

import io.eventfdd.internal.Deadline;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** A thread that is parked in a line; only the thread that made it waits on it. */
final class ThreadWaiter extends Waiter {
    private final Line line;
    private final Thread thread = Thread.currentThread();

    /** The value, written before {@link #settled}. */
    private long value;

    private @Nullable Supplier<? extends RuntimeException> end;
    private volatile boolean settled;

    ThreadWaiter(Line line, Wish wish, long amount) {
        super(wish, amount);
        this.line = line;
    }

    @Override
    void served(long taken) {
        value = taken;
        settled = true;
        LockSupport.unpark(thread);
        if (wish() == Wish.VALUE) {
            line.delivered();
        }
    }

    @Override
    void ended(Supplier<? extends RuntimeException> why) {
        end = why;
        settled = true;
        LockSupport.unpark(thread);
    }

    /**
     * Waits until it is served, and returns true. At {@code deadline} it leaves the line and
     * returns false.
     *
     * @throws InterruptedException only if it was not served; it has then left the line
     */
    boolean await(Deadline deadline) throws InterruptedException {
        boolean interrupted = false;
        // If it could not leave, it was served, and is about to be told.
        boolean coming = false;
        try {
            while (!settled) {
                if (Thread.interrupted()) {
                    interrupted = true;
                }
                if (!coming && interrupted) {
                    coming = !line.leave(this);
                    if (!coming) {
                        interrupted = false;
                        throw new InterruptedException();
                    }
                } else if (!coming && deadline.hasPassed()) {
                    coming = !line.leave(this);
                    if (!coming) {
                        return false;
                    }
                } else if (coming || deadline.isNever()) {
                    LockSupport.park(this);
                } else {
                    LockSupport.parkNanos(this, deadline.nanosLeft());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        if (end != null) {
            throw end.get();
        }
        return true;
    }

    /** Whether the waiter was served or ended. */
    boolean isSettled() {
        return settled;
    }

    /** The value that was taken, once {@link #await} has returned true. */
    long value() {
        return value;
    }
}
