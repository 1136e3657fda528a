package io.eventfdd.server.http;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.UnixPeer;
import io.eventfdd.internal.linux.UnixPeer.Taken;
import io.eventfdd.server.eventfds.Caller;
import io.eventfdd.server.eventfds.Eventfds;
import io.eventfdd.server.eventfds.Lease;
import io.eventfdd.server.http.transport.ClientConnection;
import io.eventfdd.server.http.transport.ConnectionEnd;
import io.eventfdd.server.http.transport.ConnectionLife;
import io.eventfdd.server.http.transport.EndOfConnection;
import io.eventfdd.server.idempotency.Answer;
import io.eventfdd.server.idempotency.KeyedCall;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The live connections as the eventfds know them, and the values that were sent to each client and
 * that it may not have taken yet. A value belongs to the client when the client has taken the whole
 * answer off its socket. If the connection ends before that, the value goes back to its eventfd.
 *
 * <p>The state of a connection belongs to the thread of the connection; {@link #tick} reads it on
 * another thread.
 */
public final class Clients implements ConnectionLife {
    private final Eventfds eventfds;
    private volatile Duration patience;
    private final Map<ClientConnection, Client> clients = new ConcurrentHashMap<>();

    /** An answer with values that were taken for it, on its way to a client. */
    private record Delivery(Answer answer, Optional<KeyedCall> key, long since) {}

    /** One connection. */
    private static final class Client {
        private final Caller caller;
        private volatile Optional<Delivery> delivery = Optional.empty();

        Client(Caller caller) {
            this.caller = caller;
        }
    }

    /**
     * Starts without connections.
     *
     * @param patience how long a client may leave an answer unread if values were taken for it
     */
    public Clients(Eventfds eventfds, Duration patience) {
        this.eventfds = eventfds;
        this.patience = patience;
    }

    /**
     * Changes how long a client may leave an answer unread, for the answers that are unread now
     * too.
     */
    public void patience(Duration now) {
        patience = now;
    }

    @Override
    public void began(ClientConnection connection) {
        var caller = new Caller(Fd.borrow(connection.fd()), connection.peer());
        connection.keepOpenWhile(caller::holdsLeases);
        clients.put(connection, new Client(caller));
    }

    @Override
    public void requested(ClientConnection connection) {
        var client = client(connection);
        if (client.delivery.isPresent() && !settle(connection, client, false)) {
            throw new EndOfConnection(connection + " did not take an answer in time");
        }
    }

    @Override
    public void ended(ClientConnection connection, ConnectionEnd how) {
        var client = client(connection);
        if (client.delivery.isPresent()) {
            settle(connection, client, connection.wasReset());
        }
        clients.remove(connection);
        eventfds.forget(client.caller);
    }

    private Client client(ClientConnection connection) {
        var client = clients.get(connection);
        if (client == null) {
            throw new IllegalStateException("no such connection: " + connection);
        }
        return client;
    }

    /** The caller on whose behalf the call of {@code exchange} is made. */
    Caller caller(Exchange exchange) {
        return client(exchange.client()).caller;
    }

    /**
     * Sends {@code answer}, and remembers the values that were taken for it until the client has
     * it.
     */
    void send(Exchange exchange, Answer answer, Optional<KeyedCall> key) {
        boolean counts = !answer.taken().isEmpty() || answer.lease().isPresent();
        if (key.map(KeyedCall::keepsValue).orElse(counts)) {
            client(exchange.client()).delivery =
                    Optional.of(new Delivery(answer, key, System.nanoTime()));
        }
        exchange.send(answer);
        answer.lease().ifPresent(Lease::sent);
    }

    /**
     * Settles whether the client has taken the last answer. If that is not certain yet, it waits
     * until it is.
     */
    private boolean settle(ClientConnection connection, Client client, boolean reset) {
        var delivery = client.delivery.orElseThrow();
        boolean taken = !reset && isTaken(connection, client, delivery);
        client.delivery = Optional.empty();
        var answer = delivery.answer();
        answer.lease().ifPresent(lease -> eventfds.leases().settle(lease, client.caller, taken));
        if (delivery.key().isPresent()) {
            delivery.key().get().delivered(taken);
        } else if (!taken && !answer.taken().isEmpty()) {
            eventfds.putBack(answer.taken());
        }
        return taken;
    }

    /**
     * If the client has not taken the answer in time, the connection is shut down first and looked
     * at once more after that. So the client finds the end of the connection behind every answer of
     * which the value goes back.
     */
    private boolean isTaken(ClientConnection connection, Client client, Delivery delivery) {
        var taken = taken(client);
        if (taken == Taken.NOT_YET) {
            taken =
                    eventfds.awaitTaken(
                            client.caller,
                            patience.minusNanos(System.nanoTime() - delivery.since()));
        }
        if (taken == Taken.NOT_YET) {
            connection.hangUp();
            taken = taken(client);
        }
        return taken == Taken.ALL;
    }

    private static Taken taken(Client client) {
        try {
            return UnixPeer.taken(client.caller.socket());
        } catch (ErrnoException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Disconnects clients that have left an answer unread for too long. */
    @Override
    public void tick() {
        long now = System.nanoTime();
        clients.forEach((connection, client) ->
                client.delivery
                        .filter(delivery -> now - delivery.since() >= patience.toNanos())
                        .filter(delivery -> hasUntaken(client))
                        .ifPresent(delivery -> connection.hangUp()));
    }

    private static boolean hasUntaken(Client client) {
        try {
            return UnixPeer.hasUntaken(client.caller.socket());
        } catch (ErrnoException closed) {
            return false;
        }
    }
}
