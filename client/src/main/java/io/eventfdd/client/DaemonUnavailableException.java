package io.eventfdd.client;

import org.jspecify.annotations.Nullable;

import java.io.Serial;

/**
 * No daemon answers at the path that the message names. The call was not carried out.
 *
 * <pre>{@code
 * try {
 *     EventfddClient.connect(Path.of("/nowhere")).close();
 * } catch (DaemonUnavailableException e) {
 *     System.out.println("is it running?: " + e.getMessage());
 * }
 * }</pre>
 */
public final class DaemonUnavailableException extends EventfddException {
    @Serial private static final long serialVersionUID = 1L;

    public DaemonUnavailableException(String message, @Nullable Throwable cause) {
        super(message, null, cause);
    }
}
