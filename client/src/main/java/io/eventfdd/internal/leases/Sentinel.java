package io.eventfdd.internal.leases;

import org.jspecify.annotations.Nullable;

/**
 * A connection that is kept to hear of the daemon's end: afterwards, another daemon may know other
 * leases. Its generation changes each time that it has ended. Safe for all threads.
 */
final class Sentinel implements AutoCloseable {
    /** The generation of what was not under its watch. */
    static final long UNKNOWN = -1;

    private final LeaseTransport transport;
    private LeaseTransport.@Nullable Connection connection;
    private long generation;

    Sentinel(LeaseTransport transport) {
        this.transport = transport;
    }

    /** Connects, unless there is a connection; the generation that is under watch from now on. */
    synchronized long begin() {
        if (connection == null) {
            connection = transport.connect();
        }
        return generation();
    }

    /** The generation now. */
    synchronized long generation() {
        if (connection != null && connection.hasEnded()) {
            close();
        }
        return generation;
    }

    @Override
    public synchronized void close() {
        if (connection != null) {
            connection.close();
            connection = null;
            generation++;
        }
    }
}
