package io.eventfdd.internal.leases;

import org.jspecify.annotations.Nullable;

/**
 * What holds a lease that is not held for a time, as far as this process sees it: a connection of
 * its own, or this process. It tells when the daemon has ended, and asks the next one whether it
 * knows the lease. Safe for all threads.
 */
final class Tether {
    private final LeaseTransport transport;
    private final Sentinel sentinel;

    /** Null if the process holds the lease. */
    private LeaseTransport.@Nullable Connection connection;

    /** The sentinel's when the lease was known to be there, if the process holds it. */
    private long generation;

    private boolean closed;

    private Tether(LeaseTransport transport, Sentinel sentinel) {
        this.transport = transport;
        this.sentinel = sentinel;
    }

    /** A tether to {@code connection}, which holds the lease. */
    static Tether to(
            LeaseTransport.Connection connection, LeaseTransport transport, Sentinel sentinel) {
        var tether = new Tether(transport, sentinel);
        tether.connection = connection;
        return tether;
    }

    /** A tether to this process, whose lease was granted in {@code generation} or later. */
    static Tether toProcess(long generation, LeaseTransport transport, Sentinel sentinel) {
        var tether = new Tether(transport, sentinel);
        tether.generation = generation;
        return tether;
    }

    /**
     * Whether another daemon may be there, which has to be asked. Does not look at the sentinel's
     * connection, which all leases of the process share.
     */
    synchronized boolean isCutOff() {
        if (closed) {
            return false;
        }
        return connection != null ? connection.hasEnded() : generation != sentinel.generation();
    }

    /** Asks the daemon for the lease {@code id}; false if it does not know it. */
    boolean resume(String id) {
        if (isToProcess()) {
            long now = sentinel.begin();
            boolean known = transport.renew(id, transport.patience());
            if (known) {
                knownIn(now);
            }
            return known;
        }
        var another = transport.resume(id);
        another.ifPresent(this::replace);
        return another.isPresent();
    }

    private synchronized boolean isToProcess() {
        return connection == null;
    }

    private synchronized void knownIn(long now) {
        generation = now;
    }

    private synchronized void replace(LeaseTransport.Connection another) {
        if (closed) {
            another.close();
            return;
        }
        if (connection != null) {
            connection.close();
        }
        connection = another;
    }

    /** The lease has ended. */
    synchronized void close() {
        closed = true;
        if (connection != null) {
            connection.close();
        }
    }
}
