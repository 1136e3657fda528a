package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/**
 * A limit is reached: one of the daemon, or the open files of this process (EMFILE). The message
 * says which.
 *
 * <pre>{@code
 * try {
 *     client.open("orders", EventfdSpec.counter()).close();
 * } catch (LimitException e) {
 *     System.out.println("ask the administrator: " + e.getMessage());
 * }
 * }</pre>
 */
public final class LimitException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    public LimitException(String message, @Nullable Problem problem, @Nullable Throwable cause) {
        super(message, problem, cause);
    }
}
