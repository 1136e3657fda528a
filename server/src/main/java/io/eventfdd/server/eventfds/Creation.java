package io.eventfdd.server.eventfds;

import io.eventfdd.client.EventfdSpec;

/**
 * What became of a wish to have an eventfd.
 *
 * @param state the one that stands under the name now
 */
public record Creation(Result result, EventfdState state) {
    /** How the eventfd that stands relates to the wish. */
    public enum Result {
        /** It was made for it. */
        CREATED,
        /** It stood there with the same spec. */
        FOUND,
        /** It stood there with another spec, and stays. */
        DIFFERENT
    }

    /**
     * What is to be said if {@code name} stands for an eventfd with another spec than is wanted.
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
