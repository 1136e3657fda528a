package io.eventfdd.server.eventfds;

import java.util.List;

/**
 * A part of the list of eventfds, in ASCII order of their names.
 *
 * @param more whether others come after them
 */
public record Page(List<CurrentState> eventfds, boolean more) {}
