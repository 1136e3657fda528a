package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;
import java.util.Optional;

/**
 * Something went wrong with an eventfd or with the daemon. The subclasses are the cases that a
 * program can act on.
 *
 * <p>It is unchecked, and the root of all failures of this library. That includes the ones that the
 * library finds itself, such as a malformed name or a value out of range, which are an {@link
 * InvalidRequestException}: the same text fails in the same way, whether the library or the daemon
 * looks at it first. Only mistakes in the program are not of this family. They are what the JDK
 * uses for them: {@link IllegalArgumentException} for a setting of the builder or a handle that
 * cannot be used there, {@link IllegalStateException} for a call at the wrong time, and {@link
 * NullPointerException}.
 *
 * <pre>{@code
 * try {
 *     client.open("orders").close();
 * } catch (NotFoundException e) {
 *     System.out.println("nobody made it yet: " + e.getMessage());
 * }
 * }</pre>
 */
public class EventfddException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    private final transient @Nullable Problem problem;

    EventfddException(String message, @Nullable Problem problem, @Nullable Throwable cause) {
        super(message, cause);
        this.problem = problem;
    }

    /**
     * The problem of the daemon's table that this is; empty if the table has no such problem, as if
     * no daemon answers.
     */
    public Optional<Problem> problem() {
        return Optional.ofNullable(problem);
    }
}
