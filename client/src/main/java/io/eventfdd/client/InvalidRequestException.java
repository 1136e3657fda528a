package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/**
 * The call itself is wrong: not a name, a value out of range, a list too long. Nothing was done.
 * The library finds most of these before it asks the daemon; {@link #problem()} is the same in both
 * cases.
 *
 * <pre>{@code
 * try {
 *     client.open("no/name").close();
 * } catch (InvalidRequestException e) {
 *     System.out.println("not a name: " + e.getMessage());
 * }
 * }</pre>
 */
public final class InvalidRequestException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    public InvalidRequestException(
            String message, @Nullable Problem problem, @Nullable Throwable cause) {
        super(message, problem, cause);
    }

    InvalidRequestException(ProblemType type, String detail) {
        this(detail, type.problem(detail), null);
    }
}
