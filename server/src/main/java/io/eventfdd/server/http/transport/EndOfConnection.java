package io.eventfdd.server.http.transport;

import io.helidon.webserver.CloseConnectionException;

import java.io.Serial;

/**
 * Ends the connection, past everything of Helidon's that answers or logs. It has no stack trace: it
 * is no fault.
 */
public final class EndOfConnection extends CloseConnectionException {
    @Serial private static final long serialVersionUID = 1L;

    public EndOfConnection(String reason) {
        super(reason);
    }

    @Override
    public Throwable fillInStackTrace() {
        return this;
    }
}
