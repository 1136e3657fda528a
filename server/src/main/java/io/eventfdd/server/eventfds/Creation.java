package io.eventfdd.server.eventfds;

import io.eventfdd.client.EventfdSpec;

/**
 * The result of a request to create an eventfd.
 *
 * @param state the eventfd that has the name now
 */
public record Creation(Result result, CurrentState state) {
    /** How the eventfd that has the name relates to the request. */
    public enum Result {
        /** The request created it. */
        CREATED,
        /** The eventfd existed with the same spec. */
        FOUND,
        /** The eventfd existed with another spec, and stays as it is. */
        DIFFERENT
    }

    /**
     * The problem to report if {@code name} belongs to an eventfd with another spec than the
     * requested one.
     */
    public static String another(String name, EventfdSpec standing, EventfdSpec wanted) {
        return name
                + " exists with another spec: it is "
                + inWords(standing)
                + ", not "
                + inWords(wanted);
    }

    private static String inWords(EventfdSpec spec) {
        return (spec.nonblocking() ? "a " : "a blocking ")
                + (spec.semaphore() ? "semaphore" : "counter")
                + " with mode "
                + spec.mode();
    }
}
