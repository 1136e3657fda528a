package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/**
 * The handle, or the client that opened it, was closed: before the call or while it waited. Nothing
 * was taken.
 *
 * <pre>{@code
 * try {
 *     orders.close();
 *     orders.read();
 * } catch (ClosedEventfdException e) {
 *     System.out.println("closed, perhaps by another thread: " + e.getMessage());
 * }
 * }</pre>
 */
public final class ClosedEventfdException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    public ClosedEventfdException(String message, @Nullable Throwable cause) {
        super(message, null, cause);
    }
}
