package io.eventfdd.server.http.transport;

/** How a connection ended. */
public enum ConnectionEnd {
    /**
     * Its client closed it, or shut down its write side, with nothing unread that had arrived by
     * then: whether it is still there and reads on, only the socket itself can tell (SIOCOUTQ,
     * POLLHUP).
     */
    CLOSED_CLEANLY,
    /**
     * Its client went and left bytes of ours unread (ECONNRESET), or was gone when we wrote
     * (EPIPE).
     */
    RESET,
    /**
     * We ended it: {@code Connection: close}, an error after which it cannot go on, a timeout, the
     * daemon's own end.
     */
    CLOSED_BY_US,
    /** A bug of ours. */
    FAILED
}
