package io.eventfdd.server.eventfds;

import java.util.List;

/**
 * An eventfd that is known and not there: the process that owned it ended, and its kernel object
 * lives only where somebody else holds it.
 *
 * @param mayBeHeld whether somebody else may
 * @param count what it begins anew with where nobody does; unsigned
 * @param returning values that were on their way back to it
 * @param former the kernel objects that have had the name since it was made
 */
public record Vacancy(
        Identity identity, boolean mayBeHeld, long count, List<Long> returning, Former former) {
    /** Copies the list. */
    public Vacancy {
        returning = List.copyOf(returning);
    }
}
