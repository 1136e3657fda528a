package io.eventfdd.client;

import java.time.Instant;

/**
 * An eventfd as the daemon saw it at one moment.
 *
 * <pre>{@code
 * client.list().forEach(state -> System.out.println(state.name() + " " + Count.toString(state.count())));
 * }</pre>
 *
 * @param count the kernel's count, unsigned, which was not taken
 * @param spec what it was made as; its initial count is not kept, and 0 here. Its {@link
 *     EventfdSpec#nonblocking} is O_NONBLOCK as it is now, which any holder of the raw descriptor
 *     may change for all
 * @param owner the user that made it
 * @param group the group whose mode bits count
 * @param waiters calls that wait on it in the daemon; those on raw handles are not seen there
 */
public record EventfdState(
        String name,
        long count,
        EventfdSpec spec,
        long owner,
        long group,
        int waiters,
        Instant created) {}
