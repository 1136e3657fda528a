package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

/** One call over HTTP, which others can end while it is under way. */
final class HttpWait {
    private final boolean outlivesClient;
    private @Nullable HttpConnection connection;
    private boolean ended;

    private HttpWait(boolean outlivesClient) {
        this.outlivesClient = outlivesClient;
    }

    HttpWait() {
        this(false);
    }

    /** That of a call which settles what another left open: the client's close does not end it. */
    static HttpWait late() {
        return new HttpWait(true);
    }

    boolean outlivesClient() {
        return outlivesClient;
    }

    /** The call begins, on {@code connection}. */
    synchronized void begin(HttpConnection begun) {
        connection = begun;
        if (ended) {
            begun.abort();
        }
    }

    /** The call is over, and its connection may be another's. */
    synchronized void over() {
        connection = null;
    }

    synchronized boolean isEnded() {
        return ended;
    }

    /** Ends the call, also one that has not begun yet. */
    synchronized void end() {
        ended = true;
        if (connection != null) {
            connection.abort();
        }
    }
}
