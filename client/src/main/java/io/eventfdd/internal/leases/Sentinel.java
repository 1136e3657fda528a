package io.eventfdd.internal.leases;

import org.jspecify.annotations.Nullable;

import java.util.OptionalLong;

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
    long begin() {
        // Not under the lock: the daemon may let nobody connect, and the timer must not wait.
        var watched = watched();
        return watched.isPresent() ? watched.getAsLong() : keep(transport.connect());
    }

    /** The generation, if it is under watch or {@link #UNKNOWN}; empty if nothing watches it. */
    private synchronized OptionalLong watched() {
        look();
        return ended || connection != null ? OptionalLong.of(now()) : OptionalLong.empty();
    }

    /** Keeps {@code another}, unless there is a connection by now. */
    private synchronized long keep(LeaseTransport.Connection another) {
        if (ended || connection != null) {
            another.close();
        } else {
            connection = another;
        }
        return now();
    }

    private long now() {
        return ended ? UNKNOWN : generation;
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
