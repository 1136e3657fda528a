package io.eventfdd.internal.raw;

import org.jspecify.annotations.Nullable;

import java.util.function.Supplier;

/**
 * A waiter in a {@link Line}. It leaves in one of two ways: the line removes it and then calls
 * {@link #served} or {@link #ended} once, outside of its lock, or the waiter {@linkplain Line#leave
 * leaves} by itself and is not called.
 */
abstract class Waiter {
    /** The event that a waiter waits for. */
    enum Wish {
        /** The count is not 0. */
        READABLE,
        /** A read has taken a value. */
        VALUE,
        /** The waiter's value was added. */
        ROOM,
        /** None: it waits only for the end of the line. */
        CLOSE;

        /** Whether it is an event of a count that is not 0. */
        boolean isRead() {
            return this == READABLE || this == VALUE;
        }
    }

    private final Wish wish;
    private final long amount;

    /** The place in the queue. The line's lock guards it. */
    @Nullable WaiterQueue queue;

    @Nullable Waiter previous;
    @Nullable Waiter next;

    Waiter(Wish wish, long amount) {
        this.wish = wish;
        this.amount = amount;
    }

    Wish wish() {
        return wish;
    }

    /** The value that it adds; 0 if it does not write. */
    long amount() {
        return amount;
    }

    /**
     * Called when the event has happened.
     *
     * @param value the value that was taken; 0 if the waiter waited for another event
     */
    abstract void served(long value);

    /** Called if the event will never happen. */
    abstract void ended(Supplier<? extends RuntimeException> why);
}
