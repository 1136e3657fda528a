package io.eventfdd.client;

import io.eventfdd.protocol.Count;
import io.eventfdd.protocol.ProblemType;

/** The values that can be written. */
final class Values {
    private Values() {}

    /** Refuses 0 and 2^64-1, which eventfd(2) does not take. */
    static void check(long value) {
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
