package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/**
 * The daemon gave an answer that it never should. This is a bug of the daemon or of this library.
 *
 * <pre>{@code
 * try {
 *     orders.write(1);
 * } catch (DaemonFaultException e) {
 *     System.out.println("the daemon's log says more: " + e.getMessage());
 * }
 * }</pre>
 */
public final class DaemonFaultException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    public DaemonFaultException(
            String message, @Nullable Problem problem, @Nullable Throwable cause) {
        super(message, problem, cause);
    }
}
