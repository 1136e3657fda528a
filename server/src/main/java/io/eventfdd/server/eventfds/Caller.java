package io.eventfdd.server.eventfds;

import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.PeerCredentials;
import io.eventfdd.server.loop.Registration;

import org.jspecify.annotations.Nullable;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The client of one connection: its user, and the socket whose hang-up ends the call that waits for
 * it. A caller has at most one such call at a time.
 */
public final class Caller {
    private final Fd socket;
    private final PeerCredentials peer;

    /**
     * The loop's entry for the socket. Only the loop writes this field and those below it; other
     * threads only ask whether it is set.
     */
    private volatile @Nullable Registration registration;

    private @Nullable Waiter waiter;
    private boolean gone;
    private Callers.@Nullable Delivery delivery;

    /** The process that connected, if the loop watches it. */
    private @Nullable HolderProcess process;

    /** The leases that its connection holds. */
    private Set<Lease> leases = Set.of();

    /** The lease that it was granted last. */
    private @Nullable Lease granted;

    /**
     * Whether the client has ever used leases, so that the loop must learn when its connection
     * ends.
     */
    private volatile boolean lends;

    /** The number of leases that its connection holds, for other threads to read. */
    private volatile int holds;

    /**
     * Whether the socket is in the epoll set for another reason, and its owner reports the hang-up.
     */
    private final boolean heardElsewhere;

    /**
     * Describes the client at the other end of {@code socket}, which must stay open until {@link
     * Eventfds#forget} returns.
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
     * Describes the client of a socket that is in the loop's epoll set already. The code that added
     * it {@linkplain LeaseCalls#ended reports} the end of the connection.
     */
    public static Caller heardElsewhere(Fd socket, PeerCredentials peer) {
        return new Caller(socket, peer, true);
    }

    boolean isHeardElsewhere() {
        return heardElsewhere;
    }

    /** The user, group and process of the client, as the kernel names them. */
    public PeerCredentials peer() {
        return peer;
    }

    /** The client's socket, which is open until {@link Eventfds#forget} returns. */
    public Fd socket() {
        return socket;
    }

    /** Whether the loop watches the socket, or may begin to. */
    boolean isWatched() {
        return registration != null || lends;
    }

    /**
     * Whether a lease is bound to the connection, which then does not count as idle. Any thread may
     * call this.
     */
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

    @Nullable HolderProcess process() {
        return process;
    }

    void process(@Nullable HolderProcess process) {
        this.process = process;
        lends = true;
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
