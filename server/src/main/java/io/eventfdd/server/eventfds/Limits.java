package io.eventfdd.server.eventfds;

/**
 * How much of it there may be.
 *
 * @param eventfds named eventfds
 * @param waiters calls that wait, a wait on many counted once for each of its names
 * @param waitersPerConnection the same on one connection, which is one call at a time
 * @param watchers streams of counts
 * @param leases leases
 * @param leaseHolders processes that hold leases
 */
public record Limits(
        Limit eventfds,
        Limit waiters,
        int waitersPerConnection,
        Limit watchers,
        Limit leases,
        int leaseHolders) {
    /**
     * The most of one thing.
     *
     * @param inAll of all users together
     * @param perUser of one user
     */
    public record Limit(int inAll, int perUser) {}
}
