package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/**
 * The daemon is stopping, and ended the call.
 *
 * <pre>{@code
 * try {
 *     orders.await(Duration.ofMillis(10));
 * } catch (ShuttingDownException e) {
 *     System.out.println("it will be back: " + e.getMessage());
 * }
 * }</pre>
 */
public final class ShuttingDownException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    public ShuttingDownException(
            String message, @Nullable Problem problem, @Nullable Throwable cause) {
        super(message, problem, cause);
    }
}
