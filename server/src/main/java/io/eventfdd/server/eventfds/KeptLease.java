package io.eventfdd.server.eventfds;

import io.eventfdd.client.EventfdName;
import io.eventfdd.internal.wire.LeaseState;

import java.time.Duration;
import java.util.Set;

/**
 * A lease on its way from one owning process to the next.
 *
 * @param process when the process that holds the lease started, in the kernel's clock; 0 if that is
 *     not known, {@link #NO_PROCESS} if that process cannot run any more
 * @param term how long the lease is held after it is taken or renewed; zero if it is not held for a
 *     time
 * @param until when that time is up, in the clock of {@link System#nanoTime}, which all processes
 *     of a system share
 * @param gone the names of the lease whose eventfds were deleted since
 */
public record KeptLease(
        LeaseState state, long process, Duration term, long until, Set<EventfdName> gone) {
    /** The start of a process that ended with another start of the system. */
    public static final long NO_PROCESS = -1;

    /** Copies the names. */
    public KeptLease {
        gone = Set.copyOf(gone);
    }
}
