package io.eventfdd.internal.http;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.locks.LockSupport;

/**
 * The handle of one call over HTTP, with which other threads can end the call while it is under
 * way.
 */
public final class CallHandle {
    private final Kind kind;
    private @Nullable HttpConnection connection;
    private @Nullable Thread parked;
    private boolean ended;
    private @Nullable HttpCall sent;
    private String keys = "";

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

    /**
     * The handle of a call that puts back a value that nobody wants. The client's close does not
     * end it.
     */
    static CallHandle late() {
        return new CallHandle(Kind.LATE);
    }

    /**
     * The handle of a call that has the key of another call, to find out what happened to that one.
     */
    static CallHandle settling() {
        return new CallHandle(Kind.SETTLING);
    }

    boolean outlivesClient() {
        return kind != Kind.ORDINARY;
    }

    /** Whether the key of the call was sent before on a connection that was cut off. */
    boolean settles() {
        return kind == Kind.SETTLING;
    }

    /** Has {@link #end} wake {@code thread}, which parks before it makes the call. */
    synchronized void wakes(Thread thread) {
        parked = thread;
    }

    /** Prepares the handle for another call, which has not been sent. */
    synchronized void renew() {
        sent = null;
    }

    /** Notes that the call begins, on connection {@code on}. */
    public synchronized void begin(HttpConnection on) {
        connection = on;
        if (ended) {
            on.abort();
        }
    }

    /**
     * Notes that {@code call} is sent now, first to a daemon whose keys have the origin {@code to}.
     */
    synchronized void send(HttpCall call, String to) {
        sent = call;
        keys = to;
    }

    /** The call that a daemon may have got; null if none has. */
    synchronized @Nullable HttpCall sent() {
        return sent;
    }

    /** The origin of the keys of the daemon that the call was first sent to. */
    synchronized String keys() {
        return keys;
    }

    /** Notes that the call is over, so that its connection may be used for another call. */
    public synchronized void over() {
        connection = null;
    }

    /** Whether the call is to end. */
    public synchronized boolean isEnded() {
        return ended;
    }

    /** Ends the call, even if it has not begun yet. */
    public synchronized void end() {
        ended = true;
        if (connection != null) {
            connection.abort();
        }
        LockSupport.unpark(parked);
    }
}
