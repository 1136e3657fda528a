package io.eventfdd.internal.wire;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.InvalidRequestException;

/** Parses the names that a peer sends. */
public final class EventfdNames {
    private EventfdNames() {}

    /**
     * The name that {@code text} is.
     *
     * @throws ProblemException {@code invalid-name} if it is not a name
     */
    public static EventfdName parse(String text) {
        try {
            return new EventfdName(text);
        } catch (InvalidRequestException e) {
            throw new ProblemException(e);
        }
    }
}
