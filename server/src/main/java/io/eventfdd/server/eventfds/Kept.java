package io.eventfdd.server.eventfds;

import io.eventfdd.internal.linux.EventFd;

import java.util.List;

/**
 * An eventfd on its way from one owning process to the next.
 *
 * @param eventFd the kernel's object
 * @param shared whether other processes may hold its open file description
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
