package io.eventfdd.client;

import java.time.Instant;

/**
 * An eventfd as the daemon saw it at one moment.
 *
 * <pre>{@code
 * client.list().forEach(state -> System.out.println(state.name() + " " + Count.toString(state.count())));
 * }</pre>
 *
 * @param count the kernel's count, unsigned; looking at it does not take it
 * @param spec what it was created with. The initial count is not kept, and is 0 here. {@link
 *     EventfdSpec#nonblocking} is O_NONBLOCK at this moment, which any holder of the raw descriptor
 *     may change for all
 * @param owner the user that created it
 * @param group the group whose mode bits count
 * @param waiters calls that wait on it in the daemon, which does not see waits on raw handles
 * @param leased how many permits leases have taken from it, at the moment of the count
 */
public record EventfdState(
        String name,
        long count,
        EventfdSpec spec,
        long owner,
        long group,
        int waiters,
        long leased,
        Instant created) {}
