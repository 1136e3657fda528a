package io.eventfdd.internal.leases;

import org.jspecify.annotations.Nullable;

/**
 * A connection that is kept to hear of the daemon's end: afterwards, another daemon may know other
 * leases. Its generation changes each time that it has ended. Safe for all threads.
 */
final class Sentinel {
    /** The generation of what was not under its watch. */
    static final long UNKNOWN = -1;

    private final LeaseTransport transport;
    private LeaseTransport.@Nullable Connection connection;
    private long generation;
    private boolean ended;

    Sentinel(LeaseTransport transport) {
        this.transport = transport;
    }

    /**
     * Connects, unless there is a connection; the generation that is under watch from now on, or
     * {@link #UNKNOWN} after the {@linkplain #end end}.
     */
    synchronized long begin() {
        if (ended) {
            return UNKNOWN;
        }
        look();
        if (connection == null) {
            connection = transport.connect();
        }
        return generation;
    }

    /** Looks whether the connection has ended. */
    synchronized void look() {
        if (connection != null && connection.hasEnded()) {
            close();
        }
    }

    /** The generation at the last look. */
    synchronized long generation() {
        return generation;
    }

    /** Closes the connection for good. */
    synchronized void end() {
        ended = true;
        close();
    }

    /** Closes the connection until the next {@link #begin}. */
    synchronized void close() {
        if (connection != null) {
            connection.close();
            connection = null;
            generation++;
        }
    }
}
