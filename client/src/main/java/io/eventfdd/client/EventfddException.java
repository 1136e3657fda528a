package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;
import java.util.Optional;

/**
 * Something went wrong with an eventfd or with the daemon. The subclasses are the cases that a
 * program can act on. {@link #problem()} is what the daemon answered, if it did.
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

    /** The problem that the daemon answered; empty if the daemon had no part in it. */
    public Optional<Problem> problem() {
        return Optional.ofNullable(problem);
    }
}
