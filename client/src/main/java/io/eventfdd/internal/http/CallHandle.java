package io.eventfdd.internal.http;

import org.jspecify.annotations.Nullable;

/** One call over HTTP, which others can end while it is under way. */
public final class CallHandle {
    private final Kind kind;
    private @Nullable HttpConnection connection;
    private boolean ended;
    private boolean begun;

    private enum Kind {
        ORDINARY,
        LATE,
        SETTLING
    }

    private CallHandle(Kind kind) {
        this.kind = kind;
    }

    public CallHandle() {
        this(Kind.ORDINARY);
    }

    /** That of a call which puts back what nobody wants: the client's close does not end it. */
    static CallHandle late() {
        return new CallHandle(Kind.LATE);
    }

    /** That of a call which has the key of another and finds out what became of that. */
    static CallHandle settling() {
        return new CallHandle(Kind.SETTLING);
    }

    boolean outlivesClient() {
        return kind != Kind.ORDINARY;
    }

    /** Whether the key of the call was sent before, on a connection that was cut off. */
    boolean settles() {
        return kind == Kind.SETTLING;
    }

    /** Another call has the handle from now on, and has not been sent. */
    synchronized void renew() {
        begun = false;
    }

    /** The call begins, on {@code on}. */
    synchronized void begin(HttpConnection on) {
        begun = true;
        connection = on;
        if (ended) {
            on.abort();
        }
    }

    /** Whether a daemon may have got the call. */
    synchronized boolean hasBegun() {
        return begun;
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
