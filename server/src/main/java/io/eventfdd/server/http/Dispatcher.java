package io.eventfdd.server.http;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.Shown;
import io.eventfdd.server.eventfds.ClientGoneException;
import io.eventfdd.server.http.transport.ConnectionEnd;
import io.eventfdd.server.http.transport.EndOfConnection;
import io.eventfdd.server.http.transport.WatchedConnection;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpPrologue;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

import java.lang.System.Logger.Level;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntSupplier;

/**
 * The one handler that Helidon knows: leads each request to its endpoint, turns what an endpoint
 * throws into an answer, and ends the connection if the request or the answer says so, which
 * Helidon does not.
 */
final class Dispatcher implements Handler {
    private static final System.Logger LOGGER = System.getLogger(Dispatcher.class.getName());

    private final Routes routes;
    private final BooleanSupplier stopping;
    private final IntSupplier maxBody;
    private final Consumer<? super Exchange> first;
    private final CallObserver observer;

    /**
     * The handler for the calls of {@code routes}.
     *
     * @param first acts on what a request says beside its call, before that and whatever becomes of
     *     it
     */
    Dispatcher(
            Routes routes,
            BooleanSupplier stopping,
            IntSupplier maxBody,
            Consumer<? super Exchange> first,
            CallObserver observer) {
        this.routes = routes;
        this.first = first;
        this.stopping = stopping;
        this.maxBody = maxBody;
        this.observer = observer;
    }

    @Override
    public void handle(ServerRequest request, ServerResponse response) {
        var connection = WatchedConnection.current();
        var exchange = new Exchange(request, response, connection, stopping, maxBody.getAsInt());
        connection.requested();
        long began = System.nanoTime();
        try {
            answer(exchange, connection);
        } finally {
            observer.answered(
                    exchange, exchange.operation(), exchange.outcome(), System.nanoTime() - began);
        }
        if (exchange.isLast() || Exchange.saysClose(response.headers())) {
            if (!request.content().consumed()) {
                connection.leavesUnread();
            }
            throw new EndOfConnection("the connection's last answer is sent");
        }
        drain(exchange, connection);
        connection.answered();
    }

    private void answer(Exchange exchange, WatchedConnection connection) {
        try {
            requireHead(exchange, connection);
            first.accept(exchange);
            dispatch(exchange, exchange.request().prologue());
        } catch (CloseConnectionException e) {
            throw e;
        } catch (ProblemException e) {
            afresh(exchange, e);
            exchange.problem(e.problem());
        } catch (ClientGoneException e) {
            throw new EndOfConnection(connection.client() + " has gone");
        } catch (Routes.MethodNotAllowed e) {
            exchange.answerHeader(HeaderNames.ALLOW, e.allow());
            exchange.problem(
                    ProblemType.METHOD_NOT_ALLOWED.problem("this path allows only " + e.allow()));
        } catch (Throwable e) {
            failed(exchange, e);
        }
    }

    private static void requireHead(Exchange exchange, WatchedConnection connection) {
        var fault = connection.faultOf(exchange.request());
        if (fault.isPresent()) {
            exchange.makeLast();
            throw new ProblemException(fault.get());
        }
    }

    private void dispatch(Exchange exchange, HttpPrologue prologue) throws Exception {
        if (stopping.getAsBoolean()) {
            exchange.makeLast();
            throw new ProblemException(
                    ProblemType.SHUTTING_DOWN,
                    "the daemon is shutting down and takes no new calls");
        }
        if (prologue.fragment().hasValue()) {
            throw new ProblemException(
                    ProblemType.INVALID_REQUEST, "a request must not have a fragment (#)");
        }
        var match = routes.match(exchange.method(), prologue.uriPath().rawPath());
        exchange.leadsTo(match);
        match.endpoint().handler().handle(exchange);
        finish(exchange);
    }

    /** A streamed answer is whole only now; Helidon would see to that too late for a last one. */
    private static void finish(Exchange exchange) {
        if (!exchange.isSentRaw() && exchange.response() instanceof RoutingResponse response) {
            if (!response.hasEntity()) {
                throw new IllegalStateException("the endpoint did not answer");
            }
            response.commit();
        }
    }

    /** Drops the answer that was begun. If a part of it is sent, the connection ends too. */
    private static void afresh(Exchange exchange, Throwable why) {
        if (exchange.isSentRaw()
                || !(exchange.response() instanceof RoutingResponse response)
                || !response.reset()) {
            throw new EndOfConnection("failed in the middle of an answer: " + why.getMessage());
        }
    }

    private void failed(Exchange exchange, Throwable why) {
        var client = exchange.client();
        if (client.end() != ConnectionEnd.FAILED) {
            throw new EndOfConnection(client + " has gone");
        }
        if (why instanceof InterruptedException && stopping.getAsBoolean()) {
            afresh(exchange, why);
            exchange.makeLast();
            exchange.problem(
                    ProblemType.SHUTTING_DOWN.problem(
                            "the daemon stopped before this call was done"));
            return;
        }
        var prologue = exchange.request().prologue();
        LOGGER.log(
                Level.ERROR,
                "a bug in the daemon: cannot answer "
                        + Shown.of(prologue.method().text())
                        + " "
                        + Shown.of(prologue.uriPath().rawPath()),
                why);
        afresh(exchange, why);
        exchange.problem(
                ProblemType.INTERNAL.problem(
                        "the daemon failed because of a bug; its log says more"));
    }

    /**
     * Reads what is left of a body that no endpoint wanted, so that the next request can be found
     * behind it.
     */
    private static void drain(Exchange exchange, WatchedConnection connection) {
        var body = exchange.request().content();
        if (body.consumed()) {
            return;
        }
        try {
            body.consume();
        } catch (CloseConnectionException e) {
            throw e;
        } catch (RuntimeException e) {
            connection.leavesUnread();
            throw new EndOfConnection("the rest of a request cannot be read: " + e.getMessage());
        }
    }
}
