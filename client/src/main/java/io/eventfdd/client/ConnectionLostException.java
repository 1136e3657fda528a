package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/**
 * The connection to the daemon ended, or the daemon did not answer in time, after the call had been
 * sent. It is not known whether the call was carried out.
 *
 * <pre>{@code
 * try {
 *     orders.write(1);
 * } catch (ConnectionLostException e) {
 *     System.out.println("added or not, who knows: " + e.getMessage());
 * }
 * }</pre>
 */
public final class ConnectionLostException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    public ConnectionLostException(String message, @Nullable Throwable cause) {
        super(message, null, cause);
    }
}
