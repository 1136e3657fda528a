package io.eventfdd.server.http;

/** Is told of each call when it has been answered, on the thread of its connection. */
@FunctionalInterface
public interface CallObserver {
    /**
     * A call was answered, or its client left before the answer.
     *
     * @param exchange the call, which has the method and the path of the request
     * @param operation the call's row in the table, as in {@code POST /v1/wait}; {@code none} if it
     *     led to no row
     * @param outcome {@code ok}, {@code no-content}, {@code gone-client}, or the name of the
     *     problem
     * @param nanos the time from its arrival to the end of its answer
     */
    void answered(Exchange exchange, String operation, String outcome, long nanos);

    /** An observer that tells this observer, and then {@code next}. */
    default CallObserver and(CallObserver next) {
        return (exchange, operation, outcome, nanos) -> {
            answered(exchange, operation, outcome, nanos);
            next.answered(exchange, operation, outcome, nanos);
        };
    }
}
