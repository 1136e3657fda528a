package io.eventfdd.internal.raw;

import org.jspecify.annotations.Nullable;

import java.util.function.Supplier;

/**
 * One who waits in a {@link Line}. It leaves in one of two ways: the line removes it and then calls
 * {@link #served} or {@link #ended} once, from outside of its lock; or it {@linkplain Line#leave
 * leaves} by itself and is not called.
 */
abstract class Waiter {
    /** What it waits for. */
    enum Wish {
        /** That the count is not 0. */
        READABLE,
        /** What a read takes. */
        VALUE,
        /** That its amount was added. */
        ROOM
    }

    private final Wish wish;
    private final long amount;

    /** Where it stands; guarded by the line's lock. */
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

    /** What it adds; 0 where it does not write. */
    long amount() {
        return amount;
    }

    /**
     * Its wish came true.
     *
     * @param value what was taken; 0 where it wished for something else
     */
    abstract void served(long value);

    /** It never will. */
    abstract void ended(Supplier<? extends RuntimeException> why);
}
