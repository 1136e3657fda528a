package io.eventfdd.server.eventfds;

/** Why a waiter left without being served. */
public enum End {
    /** The time that it was given is over. */
    TIMED_OUT,
    /** Its client hung up. */
    CLIENT_GONE,
    /** The eventfd, or one of them, was deleted. */
    DELETED,
    /** The daemon stops. */
    SHUT_DOWN,
    /** The loop died of a bug. */
    FAILED
}
