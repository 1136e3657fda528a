package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/**
 * The name exists, but the call was to create a new eventfd (EEXIST).
 *
 * <pre>{@code
 * try {
 *     client.create("jobs", EventfdSpec.counter()).close();
 * } catch (AlreadyExistsException e) {
 *     System.out.println("somebody was faster: " + e.getMessage());
 * }
 * }</pre>
 */
public final class AlreadyExistsException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    public AlreadyExistsException(
            String message, @Nullable Problem problem, @Nullable Throwable cause) {
        super(message, problem, cause);
    }
}
