package io.eventfdd.bridge.nats;

import java.io.Serial;

/** A stream or a consumer is missing or is not as the bridge needs it; the message says how. */
public final class UnfitException extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    UnfitException(String message) {
        super(message);
    }
}
