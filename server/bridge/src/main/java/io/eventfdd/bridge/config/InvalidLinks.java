package io.eventfdd.bridge.config;

import java.io.Serial;

/** Something in the file of links that cannot be; the message names the place and what is wrong. */
public final class InvalidLinks extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    InvalidLinks(String message) {
        super(message);
    }
}
