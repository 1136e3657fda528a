package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/**
 * No eventfd has that name (ENOENT).
 *
 * <pre>{@code
 * try {
 *     client.open("nobody-made-it").close();
 * } catch (NotFoundException e) {
 *     System.out.println("nobody made it yet: " + e.getMessage());
 * }
 * }</pre>
 */
public final class NotFoundException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    public NotFoundException(String message, @Nullable Problem problem, @Nullable Throwable cause) {
        super(message, problem, cause);
    }
}
