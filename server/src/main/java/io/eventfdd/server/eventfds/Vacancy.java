package io.eventfdd.server.eventfds;

import java.util.List;

/**
 * An eventfd that is known but not present: the process that owned it has ended, and its kernel
 * object exists only as long as another process holds it.
 *
 * @param mayBeHeld whether another process may hold it
 * @param count the count that it begins anew with if nobody does; unsigned
 * @param returning values that were on their way back to the eventfd
 * @param former the kernel objects that have had the name since it was created
 */
public record Vacancy(
        Identity identity, boolean mayBeHeld, long count, List<Long> returning, Former former) {
    /** Copies the list. */
    public Vacancy {
        returning = List.copyOf(returning);
    }
}
