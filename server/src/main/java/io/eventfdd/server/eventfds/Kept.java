package io.eventfdd.server.eventfds;

import io.eventfdd.internal.linux.EventFd;

import java.util.List;

/**
 * An eventfd between two processes that own it.
 *
 * @param eventFd the kernel's object
 * @param shared whether others may hold its open file description, too
 * @param returning values that were taken, are on their way back and found no room yet; not in the
 *     kernel's count
 * @param former the kernel objects that had the name before, since it was made
 */
public record Kept(
        Identity identity, EventFd eventFd, boolean shared, List<Long> returning, Former former) {
    /** Copies the list. */
    public Kept {
        returning = List.copyOf(returning);
    }
}
