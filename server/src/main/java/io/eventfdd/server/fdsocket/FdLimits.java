package io.eventfdd.server.fdsocket;

import java.time.Duration;

/**
 * The limits of the server.
 *
 * @param connections connections at a time; one more is told so and closed
 * @param fdsInFlight descriptors of all users that were sent and not yet received; the kernel's own
 *     limit for a daemon without privileges is RLIMIT_NOFILE
 * @param patience the least time for which a client that has sent another request, or was granted a
 *     lease, may leave a reply untaken. It must end at some time, because an unread packet may hold
 *     the client's own socket, and then nobody learns of the client's end
 * @param packet bytes of a request
 * @param donation descriptors that one packet brings
 * @param told connections above the limit that may exist at a time, to be told so and closed
 * @param longestWait the longest time that a request may wait for a lease
 * @param longestLease the longest time that a lease can be held for
 */
public record FdLimits(
        int connections,
        long fdsInFlight,
        Duration patience,
        int packet,
        int donation,
        int told,
        Duration longestWait,
        Duration longestLease) {}
