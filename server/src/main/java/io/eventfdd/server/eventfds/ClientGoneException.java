package io.eventfdd.server.eventfds;

import java.io.Serial;

/** Thrown if the client hung up while its call waited, so that nobody is left to answer. */
public final class ClientGoneException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    ClientGoneException() {
        super("the client has gone", null, false, false);
    }
}
