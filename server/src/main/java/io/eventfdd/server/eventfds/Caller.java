package io.eventfdd.server.eventfds;

import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.PeerCredentials;
import io.eventfdd.server.loop.Registration;

import org.jspecify.annotations.Nullable;

import java.util.LinkedHashSet;
import java.util.Set;

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

    /** The leases that its connection holds. */
    private Set<Lease> leases = Set.of();

    /** The lease that it was granted last. */
    private @Nullable Lease granted;

    /** Whether it has ever had to do with leases, so that the loop has to know of its end. */
    private volatile boolean lends;

    /** How many leases its connection holds, for other threads. */
    private volatile int holds;

    /** Whether somebody else hears its hang-up, who tells the loop. */
    private final boolean heardElsewhere;

    /**
     * The client at the other end of {@code socket}, which stays open until {@link Eventfds#forget}
     * returns.
     */
    public Caller(Fd socket, PeerCredentials peer) {
        this(socket, peer, false);
    }

    private Caller(Fd socket, PeerCredentials peer, boolean heardElsewhere) {
        this.socket = socket;
        this.peer = peer;
        this.heardElsewhere = heardElsewhere;
    }

    /**
     * The same for a socket that is in the loop's epoll set already: who put it there {@linkplain
     * LeaseCalls#ended tells} of its end.
     */
    public static Caller heardElsewhere(Fd socket, PeerCredentials peer) {
        return new Caller(socket, peer, true);
    }

    boolean isHeardElsewhere() {
        return heardElsewhere;
    }

    /** Who it is. */
    public PeerCredentials peer() {
        return peer;
    }

    /** Its socket, which is open until {@link Eventfds#forget} returns. */
    public Fd socket() {
        return socket;
    }

    /** Whether the loop looks at the socket, or may do so. */
    boolean isWatched() {
        return registration != null || lends;
    }

    /** Whether a lease is bound to the connection, which is not idle then; on any thread. */
    public boolean holdsLeases() {
        return holds > 0;
    }

    Set<Lease> leases() {
        return leases;
    }

    void hold(Lease lease) {
        if (leases.isEmpty()) {
            leases = new LinkedHashSet<>();
        }
        leases.add(lease);
        holds = leases.size();
        lends = true;
    }

    void letGo(Lease lease) {
        leases.remove(lease);
        holds = leases.size();
        if (leases.isEmpty()) {
            leases = Set.of();
        }
    }

    @Nullable Lease granted() {
        return granted;
    }

    void granted(@Nullable Lease lease) {
        granted = lease;
        lends = true;
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
