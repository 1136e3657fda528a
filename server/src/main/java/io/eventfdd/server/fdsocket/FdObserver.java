package io.eventfdd.server.fdsocket;

import io.eventfdd.internal.linux.PeerCredentials;

/** Is told of each request when it is answered, on the loop's thread. */
@FunctionalInterface
public interface FdObserver {
    /**
     * Called when a request was answered, or when its client went before that.
     *
     * @param peer the client
     * @param operation the packet's {@code op}; {@code none} if the packet has no known one
     * @param outcome {@code ok}, {@code gone-client}, or the name of the problem
     * @param nanos from the reading of the request to the end of its answer
     */
    void replied(PeerCredentials peer, String operation, String outcome, long nanos);

    /** An observer that tells this one and then {@code next}. */
    default FdObserver then(FdObserver next) {
        return (peer, operation, outcome, nanos) -> {
            replied(peer, operation, outcome, nanos);
            next.replied(peer, operation, outcome, nanos);
        };
    }
}
