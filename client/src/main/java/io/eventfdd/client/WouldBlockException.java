package io.eventfdd.client;

import io.eventfdd.protocol.Problem;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/** The count has no room for the value, which was not added (EAGAIN). */
public final class WouldBlockException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    WouldBlockException(String message, @Nullable Problem problem, @Nullable Throwable cause) {
        super(message, problem, cause);
    }
}
