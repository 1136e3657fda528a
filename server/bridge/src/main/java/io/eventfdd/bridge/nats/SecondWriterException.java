package io.eventfdd.bridge.nats;

import java.io.Serial;

/** Somebody else publishes to a subject that belongs to one link. */
public final class SecondWriterException extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    SecondWriterException(String message) {
        super(message);
    }
}
