package io.eventfdd.server.eventfds;

import java.io.Serial;

/** The client hung up while its call waited: there is nobody to answer. */
public final class ClientGoneException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    ClientGoneException() {
        super("the client has gone", null, false, false);
    }
}
