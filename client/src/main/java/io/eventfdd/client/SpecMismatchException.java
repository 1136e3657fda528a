package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/**
 * The name exists, with another spec than the one that was asked for (EEXIST).
 *
 * <pre>{@code
 * try {
 *     client.open("orders", EventfdSpec.semaphoreOf(0)).close();
 * } catch (SpecMismatchException e) {
 *     System.out.println("there is one of another kind: " + e.getMessage());
 * }
 * }</pre>
 */
public final class SpecMismatchException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    public SpecMismatchException(
            String message, @Nullable Problem problem, @Nullable Throwable cause) {
        super(message, problem, cause);
    }
}
