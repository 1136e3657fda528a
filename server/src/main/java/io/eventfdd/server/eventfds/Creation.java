package io.eventfdd.server.eventfds;

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
}
