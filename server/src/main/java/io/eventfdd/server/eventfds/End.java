package io.eventfdd.server.eventfds;

/** The reason why a waiter left without being served. */
public enum End {
    /** The time of the call is up. */
    TIMED_OUT,
    /** The client hung up. */
    CLIENT_GONE,
    /** The eventfd, or one of them, was deleted. */
    DELETED,
    /** The daemon stops. */
    SHUT_DOWN,
    /** The loop failed because of a bug. */
    FAILED
}
