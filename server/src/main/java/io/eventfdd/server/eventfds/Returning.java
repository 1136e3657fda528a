package io.eventfdd.server.eventfds;

import static java.lang.Long.compareUnsigned;

import io.eventfdd.client.Count;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What goes to one eventfd as soon as there is room: values on their way back, and values that
 * leases give. They are kept as one sum, because leases can lapse again and again while nobody
 * makes room. Belongs to the loop's thread.
 */
final class Returning {
    /**
     * The greatest sum, in multiples of {@link Count#MAX}. Any values beyond it are dropped: to
     * take that much, a reader would have to empty a full eventfd as many times.
     */
    private static final int MOST = 16;

    /** The sum is {@code full} times {@link Count#MAX}, and {@code rest}. */
    private int full;

    private long rest;

    boolean isEmpty() {
        return full == 0 && rest == 0;
    }

    /** Adds {@code value}, which is unsigned. */
    void add(long value) {
        long room = Count.MAX - rest;
        if (compareUnsigned(value, room) < 0) {
            rest += value;
        } else if (full < MOST) {
            full++;
            rest = value - room;
        }
    }

    /** The value to write next: as much as one write can add; unsigned. */
    long next() {
        return full > 0 ? Count.MAX : rest;
    }

    /** Subtracts {@code value}, at most {@link #next}, which was written. */
    void remove(long value) {
        if (compareUnsigned(value, rest) > 0) {
            full--;
            rest += Count.MAX;
        }
        rest -= value;
    }

    void clear() {
        full = 0;
        rest = 0;
    }

    /** Values that make up the sum, each of which one write can add; unsigned. */
    List<Long> values() {
        var values = new ArrayList<>(Collections.nCopies(full, Count.MAX));
        if (rest != 0) {
            values.add(rest);
        }
        return values;
    }
}
