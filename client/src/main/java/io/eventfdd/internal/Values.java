package io.eventfdd.internal;

import io.eventfdd.client.Count;
import io.eventfdd.client.ProblemType;

/** The values that can be written. */
public final class Values {
    private Values() {}

    /** Refuses 0 and 2^64-1, which eventfd(2) does not take. */
    public static void check(long value) {
        if (value == 0 || value == -1) {
            throw Failures.of(
                    ProblemType.INVALID_VALUE.problem(
                            "value: "
                                    + Count.toString(value)
                                    + " is not 1 to "
                                    + Count.toString(Count.MAX)));
        }
    }
}
