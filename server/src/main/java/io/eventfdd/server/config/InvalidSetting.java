package io.eventfdd.server.config;

import java.io.Serial;

/** A setting that is unknown, malformed or out of range; the message names it. */
public final class InvalidSetting extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    InvalidSetting(String message) {
        super(message);
    }
}
