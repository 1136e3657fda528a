package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/**
 * The mode bits of the eventfd do not allow the call to this user (EACCES).
 *
 * <pre>{@code
 * try {
 *     client.delete("orders");
 * } catch (ForbiddenException e) {
 *     System.out.println("not ours: " + e.getMessage());
 * }
 * }</pre>
 */
public final class ForbiddenException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    public ForbiddenException(
            String message, @Nullable Problem problem, @Nullable Throwable cause) {
        super(message, problem, cause);
    }
}
