package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/**
 * The kernel refused a call on the raw eventfd; the message names the call and its errno.
 *
 * <pre>{@code
 * try {
 *     orders.write(1);
 * } catch (SystemCallException e) {
 *     System.out.println("the kernel says no: " + e.getMessage());
 * }
 * }</pre>
 */
public final class SystemCallException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    public SystemCallException(String message, @Nullable Throwable cause) {
        super(message, null, cause);
    }
}
