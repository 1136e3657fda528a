package io.eventfdd.bridge.nats;

import io.nats.client.JetStreamApiException;

import java.util.concurrent.CancellationException;

/** The text of what jnats throws. */
final class Failure {
    private Failure() {}

    /** What went wrong, in one line. */
    static String text(Exception e) {
        return switch (e) {
            case JetStreamApiException refused ->
                    refused.getErrorDescription() + " (" + refused.getApiErrorCode() + ")";
            case CancellationException _ -> "no answer in time";
            case IllegalStateException _ -> "there is no connection to NATS";
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }
}
