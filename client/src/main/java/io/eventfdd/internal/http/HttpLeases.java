package io.eventfdd.internal.http;

import io.eventfdd.client.ClosedEventfdException;
import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.Outage;
import io.eventfdd.internal.leases.LeaseTransport;
import io.eventfdd.internal.leases.Stop;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.LeaseHolder;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.internal.wire.LeaseState;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Leases over HTTP. The request for one has no idempotency key: an answer that does not arrive
 * grants nothing, so the request can be repeated. Safe for all threads.
 */
final class HttpLeases implements LeaseTransport {
    private static final String LEASES = "/v1/leases";

    /** How long a lease is held if the kernel cannot tell which process asks. */
    private static final Duration TERM = Duration.ofSeconds(30);

    private final HttpCalls api;

    HttpLeases(HttpCalls api) {
        this.api = api;
    }

    @Override
    public Duration patience() {
        return api.patience();
    }

    @Override
    public LeaseHolder withoutProcess() {
        return new LeaseHolder.For(TERM);
    }

    // Taking

    @Override
    public Optional<Granted> take(LeaseRequest request, Stop stop) throws InterruptedException {
        var until = Deadline.in(request.timeout());
        Supplier<HttpCall> made =
                () -> HttpCall.look(LEASES, request.within(until.left()).toJson());
        if (request.holder() instanceof LeaseHolder.OfConnection) {
            return takeOnConnection(made, request.timeout(), stop);
        }
        var handle = new CallHandle();
        stop.begin(handle::end);
        try {
            return granted(api.call(made, request.timeout(), handle))
                    .map(state -> new Granted(state, Optional.empty()));
        } catch (ConnectionLostException | DaemonUnavailableException e) {
            throw stop.isStopped() ? stopped() : e;
        } finally {
            stop.over();
        }
    }

    private static Optional<LeaseState> granted(HttpAnswer answer) {
        return answer.isNoContent()
                ? Optional.empty()
                : Optional.of(HttpDaemon.read(answer, LeaseState::from));
    }

    private static ClosedEventfdException stopped() {
        return new ClosedEventfdException("the wait for a lease was ended", null);
    }

    private Optional<Granted> takeOnConnection(Supplier<HttpCall> made, Duration wait, Stop stop)
            throws InterruptedException {
        var away = new Outage(api.outage(), true);
        while (true) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            long sent = System.nanoTime();
            try {
                var kept = new Kept(api.connections().open(stop::isStopped));
                sent = System.nanoTime();
                var answer = exchange(kept.connection, made.get(), wait, stop);
                if (answer.isCreated()) {
                    return granted(answer).map(state -> new Granted(state, Optional.of(kept)));
                }
                kept.close();
                away.daemonHadIt(System.nanoTime() - sent);
                if (!answer.is(ProblemType.SHUTTING_DOWN) || !away.pause()) {
                    return granted(answer).map(state -> new Granted(state, Optional.empty()));
                }
            } catch (ConnectionLostException | DaemonUnavailableException e) {
                if (e instanceof ConnectionLostException) {
                    away.daemonHadIt(System.nanoTime() - sent);
                }
                if (stop.isStopped()) {
                    throw stopped();
                } else if (e.getCause() instanceof SocketTimeoutException || !away.pause()) {
                    throw e;
                }
            }
        }
    }

    /** The answer on {@code connection}, which is closed if there is none. */
    private HttpAnswer exchange(HttpConnection connection, HttpCall call, Duration wait, Stop stop)
            throws InterruptedException {
        stop.begin(connection::abort);
        try {
            return connection.exchange(call, api.patience().plus(wait), true);
        } catch (ClosedByInterruptException e) {
            connection.close();
            Thread.interrupted();
            throw new InterruptedException();
        } catch (IOException e) {
            connection.close();
            throw api.lost(call, e);
        } finally {
            stop.over();
        }
    }

    /** A connection to which a lease is bound, or which only tells when the daemon ends. */
    private record Kept(HttpConnection connection) implements Connection {
        @Override
        public boolean hasEnded() {
            return connection.hasEnded();
        }

        @Override
        public void close() {
            connection.close();
        }
    }

    // The calls on one lease

    private static String path(String id) {
        return LEASES + "/" + id;
    }

    private static HttpCall renewal(String id) {
        return HttpCall.look(path(id) + "/renew", Json.object());
    }

    @Override
    public void release(String id, Duration outage) {
        var handle = api.connections().isClosed() ? CallHandle.late() : new CallHandle();
        var answer = api.call(HttpCall.deleteOnce(path(id)), api.patience(), outage, handle);
        if (!answer.is(ProblemType.NOT_FOUND)) {
            answer.check();
        }
    }

    @Override
    public boolean commit(String id) {
        var call = HttpCall.write(path(id) + "/commit", Json.object());
        return isKnown(api.settled(call, () -> renewal("none")));
    }

    @Override
    public boolean renew(String id, Duration longest) {
        return isKnown(api.call(renewal(id), longest, Duration.ZERO, new CallHandle()));
    }

    private static boolean isKnown(HttpAnswer answer) {
        if (answer.is(ProblemType.NOT_FOUND)) {
            return false;
        }
        answer.check();
        return true;
    }

    @Override
    public Optional<Connection> resume(String id) {
        var connection = connect();
        boolean resumed = false;
        try {
            resumed = isKnown(resumed(((Kept) connection).connection, id));
            return resumed ? Optional.of(connection) : Optional.empty();
        } finally {
            if (!resumed) {
                connection.close();
            }
        }
    }

    private HttpAnswer resumed(HttpConnection connection, String id) {
        var call = renewal(id);
        try {
            return connection.exchange(call, api.patience(), false);
        } catch (IOException e) {
            throw api.lost(call, e);
        }
    }

    @Override
    public Connection connect() {
        try {
            return new Kept(api.connections().open(api.connections()::isClosed));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DaemonUnavailableException("interrupted while it connected", e);
        }
    }

    /** The connections of the other calls are closed together with the calls. */
    @Override
    public void close() {}
}
