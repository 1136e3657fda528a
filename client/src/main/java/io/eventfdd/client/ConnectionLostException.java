package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/**
 * The connection to the daemon ended, or did not answer in time, after the call had been sent:
 * whether it was carried out is not known.
 */
public final class ConnectionLostException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    ConnectionLostException(String message, @Nullable Throwable cause) {
        super(message, null, cause);
    }
}
