package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/** No daemon answers at the path that the message names. The call was not carried out. */
public final class DaemonUnavailableException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    DaemonUnavailableException(String message, @Nullable Throwable cause) {
        super(message, null, cause);
    }
}
