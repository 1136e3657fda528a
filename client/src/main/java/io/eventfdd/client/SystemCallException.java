package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/** The kernel refused a call on the raw eventfd; the message names the call and its errno. */
public final class SystemCallException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    SystemCallException(String message, @Nullable Throwable cause) {
        super(message, null, cause);
    }
}
