package io.eventfdd.server.http;

/**
 * One row of the table of calls.
 *
 * @param method the HTTP method, in capitals
 * @param path the path, beginning with a slash; one whole segment of it may be in braces, such as
 *     <code>{name}</code>: it stands for any segment that is not empty, and {@link Exchange#name}
 *     tells it
 * @param waits whether the answer comes only when something happens; a GET that waits has no HEAD
 * @param handler what answers
 */
public record Endpoint(String method, String path, boolean waits, Handler handler) {
    /** An endpoint that answers at once, or that is no GET. */
    public Endpoint(String method, String path, Handler handler) {
        this(method, path, false, handler);
    }

    /** A GET that answers only when something happens. */
    static Endpoint waiting(String path, Handler handler) {
        return new Endpoint("GET", path, true, handler);
    }

    /** Whether HEAD is answered as well: as this, without the body. */
    boolean hasHead() {
        return method.equals("GET") && !waits;
    }

    /** The name of this call, as in {@code POST /v1/wait}. */
    public String operation() {
        return method + " " + path;
    }

    /** Answers one request, on the connection's virtual thread: it may block. */
    @FunctionalInterface
    public interface Handler {
        /**
         * Answers by exactly one of the exchange's methods that send, before it returns.
         *
         * @throws io.eventfdd.internal.wire.ProblemException the problem that is to be the answer
         * @throws Exception anything else is a bug, and answered as {@code internal}
         */
        void handle(Exchange exchange) throws Exception;
    }
}
