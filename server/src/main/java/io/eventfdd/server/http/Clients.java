package io.eventfdd.server.http;

import io.eventfdd.linux.Fd;
import io.eventfdd.server.loop.Caller;
import io.eventfdd.server.loop.Eventfds;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The loop's callers, one for each live connection. For all threads. */
public final class Clients implements ConnectionLife {
    private final Eventfds eventfds;
    private final Map<Long, Caller> callers = new ConcurrentHashMap<>();

    /** Nobody is connected yet. */
    public Clients(Eventfds eventfds) {
        this.eventfds = eventfds;
    }

    @Override
    public void began(ClientConnection connection) {
        callers.put(connection.id(), new Caller(Fd.borrow(connection.fd()), connection.peer()));
    }

    @Override
    public void ended(ClientConnection connection, ConnectionEnd how) {
        var caller = callers.remove(connection.id());
        if (caller != null) {
            eventfds.forget(caller);
        }
    }

    /** In whose name the call of {@code exchange} is made. */
    Caller caller(Exchange exchange) {
        var caller = callers.get(exchange.client().id());
        if (caller == null) {
            throw new IllegalStateException("no such connection: " + exchange.client());
        }
        return caller;
    }
}
