package io.eventfdd.internal.leases;

import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.EventfddException;
import io.eventfdd.internal.wire.LeaseHolder;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.internal.wire.LeaseState;

import java.time.Duration;
import java.util.Optional;

/**
 * How one transport asks the daemon about leases. Every call throws an {@link EventfddException} if
 * it fails. Safe for all threads.
 */
public interface LeaseTransport extends AutoCloseable {
    /** A connection to the daemon, which says by its end that the daemon has ended. */
    interface Connection extends AutoCloseable {
        /** Whether the daemon has closed it; does not block. */
        boolean hasEnded();

        @Override
        void close();
    }

    /**
     * A lease that was granted.
     *
     * @param connection the connection that holds it, if one does
     */
    record Granted(LeaseState state, Optional<Connection> connection) {}

    /** How long the daemon may take to answer. */
    Duration patience();

    /** The holder of a lease if the kernel cannot tell which process asks. */
    LeaseHolder withoutProcess();

    /**
     * Takes a lease; empty if its permits were not available within the time of {@code request}. An
     * answer that does not arrive grants nothing, so the request is repeated while the daemon is
     * away.
     *
     * @param stop with which others end the wait
     * @throws InterruptedException if the thread was interrupted; nothing was taken
     */
    Optional<Granted> take(LeaseRequest request, Stop stop) throws InterruptedException;

    /**
     * Releases the lease, if there is still one of that id; also once this is closed.
     *
     * @param outage how long the daemon may be away
     */
    void release(String id, Duration outage);

    /**
     * Commits the lease; false if there is none of that id.
     *
     * @throws ConnectionLostException if it is not known whether it was committed
     */
    boolean commit(String id);

    /**
     * Counts the time of a lease from now, if it has one; false if there is none of that id.
     *
     * @param longest how long the answer may take
     */
    boolean renew(String id, Duration longest);

    /** Binds a lease to a new connection; empty if there is none of that id. */
    Optional<Connection> resume(String id);

    /** A connection that is used for nothing else. */
    Connection connect();

    /** Closes the connections that no lease is bound to. */
    @Override
    void close();
}
