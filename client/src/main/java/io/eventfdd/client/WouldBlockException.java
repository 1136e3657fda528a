package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/**
 * The count has no room for the value, which was not added (EAGAIN).
 *
 * <pre>{@code
 * try {
 *     orders.write(Count.MAX);
 *     orders.write(1);
 * } catch (WouldBlockException e) {
 *     System.out.println("full: " + e.getMessage());
 * }
 * }</pre>
 */
public final class WouldBlockException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    public WouldBlockException(
            String message, @Nullable Problem problem, @Nullable Throwable cause) {
        super(message, problem, cause);
    }
}
