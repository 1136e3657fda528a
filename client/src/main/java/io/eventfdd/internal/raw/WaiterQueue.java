package io.eventfdd.internal.raw;

import org.jspecify.annotations.Nullable;

/**
 * Waiters in the order of their arrival; any of them can be removed in constant time. The line's
 * lock guards it.
 */
final class WaiterQueue {
    private @Nullable Waiter first;
    private @Nullable Waiter last;

    boolean isEmpty() {
        return first == null;
    }

    @Nullable Waiter first() {
        return first;
    }

    void add(Waiter waiter) {
        waiter.queue = this;
        waiter.previous = last;
        if (last == null) {
            first = waiter;
        } else {
            last.next = waiter;
        }
        last = waiter;
    }

    void addFirst(Waiter waiter) {
        waiter.queue = this;
        waiter.next = first;
        if (first == null) {
            last = waiter;
        } else {
            first.previous = waiter;
        }
        first = waiter;
    }

    void remove(Waiter waiter) {
        if (waiter.previous == null) {
            first = waiter.next;
        } else {
            waiter.previous.next = waiter.next;
        }
        if (waiter.next == null) {
            last = waiter.previous;
        } else {
            waiter.next.previous = waiter.previous;
        }
        waiter.queue = null;
        waiter.previous = null;
        waiter.next = null;
    }

    /** Removes the first waiter and returns it. */
    @Nullable Waiter poll() {
        var waiter = first;
        if (waiter != null) {
            remove(waiter);
        }
        return waiter;
    }
}
