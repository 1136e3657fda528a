package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/**
 * The eventfd was deleted while the call waited on it.
 *
 * <pre>{@code
 * try {
 *     orders.write(1, Duration.ofMillis(10));
 * } catch (EventfdGoneException e) {
 *     System.out.println("deleted while we waited: " + e.getMessage());
 * }
 * }</pre>
 */
public final class EventfdGoneException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    public EventfdGoneException(
            String message, @Nullable Problem problem, @Nullable Throwable cause) {
        super(message, problem, cause);
    }
}
