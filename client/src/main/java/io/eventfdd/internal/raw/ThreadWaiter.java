package io.eventfdd.internal.raw;

import io.eventfdd.internal.Deadline;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** A thread that is parked in a line; only the thread that made it waits on it. */
final class ThreadWaiter extends Waiter {
    private final Line line;
    private final Thread thread = Thread.currentThread();

    /** Written before {@link #settled}. */
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
     * Waits until it is served: true; or until {@code deadline}: false, and it has left the line.
     *
     * @throws InterruptedException only where it was not served, and has left the line
     */
    boolean await(Deadline deadline) throws InterruptedException {
        boolean interrupted = false;
        // Where it could not leave, it was served, and the news is on its way.
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

    /** Whether it was served or ended. */
    boolean isSettled() {
        return settled;
    }

    /** What was taken, once {@link #await} said that it was served. */
    long value() {
        return value;
    }
}
