package io.eventfdd.server.http;

/** Sees each call once it is answered, on its connection's thread. */
@FunctionalInterface
public interface CallObserver {
    /**
     * A call was answered, or its client went before.
     *
     * @param exchange the call; what it says of itself is what was asked for
     * @param operation the call's row in the table, as in {@code POST /v1/wait}; {@code none} if it
     *     led to no row
     * @param outcome {@code ok}, {@code no-content}, {@code gone-client}, or the name of the
     *     problem
     * @param nanos from its arrival to the end of its answer
     */
    void answered(Exchange exchange, String operation, String outcome, long nanos);

    /** This one, and then {@code next}. */
    default CallObserver and(CallObserver next) {
        return (exchange, operation, outcome, nanos) -> {
            answered(exchange, operation, outcome, nanos);
            next.answered(exchange, operation, outcome, nanos);
        };
    }
}
