package io.eventfdd.server.eventfds;

import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.PeerCredentials;
import io.eventfdd.server.loop.Registration;

import org.jspecify.annotations.Nullable;

/**
 * The client of one connection, in whose name calls wait: who it is, and the socket whose hang-up
 * ends its wait. One call waits at a time.
 */
public final class Caller {
    private final Fd socket;
    private final PeerCredentials peer;

    /** Written by the loop alone, like all that follows; others only ask whether it is there. */
    private volatile @Nullable Registration registration;

    private @Nullable Waiter waiter;
    private boolean gone;
    private Callers.@Nullable Delivery delivery;

    /**
     * The client at the other end of {@code socket}, which stays open until {@link Eventfds#forget}
     * returns.
     */
    public Caller(Fd socket, PeerCredentials peer) {
        this.socket = socket;
        this.peer = peer;
    }

    /** Who it is. */
    public PeerCredentials peer() {
        return peer;
    }

    /** Its socket, which is open until {@link Eventfds#forget} returns. */
    public Fd socket() {
        return socket;
    }

    /** Whether the socket is in the loop's epoll set. */
    boolean isWatched() {
        return registration != null;
    }

    @Nullable Registration registration() {
        return registration;
    }

    void registration(@Nullable Registration registration) {
        this.registration = registration;
    }

    @Nullable Waiter waiter() {
        return waiter;
    }

    void waiter(@Nullable Waiter waiter) {
        this.waiter = waiter;
    }

    boolean isGone() {
        return gone;
    }

    void setGone() {
        gone = true;
    }

    Callers.@Nullable Delivery delivery() {
        return delivery;
    }

    void delivery(Callers.@Nullable Delivery delivery) {
        this.delivery = delivery;
    }
}
