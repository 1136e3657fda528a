package io.eventfdd.server.eventfds;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;

import java.time.Instant;

/**
 * The state of an eventfd at one moment.
 *
 * @param count the kernel's count, unsigned, which was not consumed
 * @param spec the spec that it was created with
 * @param nonblocking O_NONBLOCK of the description that the raw holders share
 * @param waiters reads, waits, multi-waits, leases and writes for room that wait on it
 * @param leased the permits that leases have taken of it, at the moment of the count
 */
public record CurrentState(
        EventfdName name,
        long count,
        EventfdSpec spec,
        boolean nonblocking,
        Owner owner,
        int waiters,
        long leased,
        Instant created) {}
