package io.eventfdd.server.config;

import java.io.Serial;

/** Something in the settings that cannot be; the message names it. */
public final class InvalidSetting extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    /** Creates one. */
    public InvalidSetting(String message) {
        super(message);
    }
}
