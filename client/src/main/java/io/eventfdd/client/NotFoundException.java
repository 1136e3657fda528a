package io.eventfdd.client;

import io.eventfdd.protocol.Problem;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/** There is no eventfd of that name (ENOENT). */
public final class NotFoundException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    NotFoundException(String message, @Nullable Problem problem, @Nullable Throwable cause) {
        super(message, problem, cause);
    }
}
