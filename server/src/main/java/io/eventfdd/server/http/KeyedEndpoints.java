package io.eventfdd.server.http;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.server.idempotency.Answer;
import io.eventfdd.server.idempotency.IdempotencyKeys;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** Makes endpoints of calls that may come with an idempotency key. */
final class KeyedEndpoints {
    private static final HeaderName IDEMPOTENCY_KEY = HeaderNames.create("Idempotency-Key");

    private final Clients clients;
    private final IdempotencyKeys keys;

    KeyedEndpoints(Clients clients, IdempotencyKeys keys) {
        this.clients = clients;
        this.keys = keys;
    }

    /** A call that may have an idempotency key. */
    @FunctionalInterface
    interface Call {
        Answer answer(Exchange exchange, byte[] body);
    }

    /** Whether the request of {@code exchange} has a key. */
    static boolean isKeyed(Exchange exchange) {
        return exchange.header(IDEMPOTENCY_KEY).isPresent();
    }

    /**
     * The endpoint that makes {@code call}, or answers as before if its key was there before. The
     * path has no query.
     */
    Endpoint.Handler keyed(Call call) {
        return exchange -> {
            exchange.query().end("; a POST takes its fields in the body");
            var body = exchange.body();
            var key = key(exchange);
            if (key.isEmpty()) {
                clients.send(exchange, call.answer(exchange, body), Optional.empty());
            } else {
                var keyed =
                        keys.answer(
                                exchange.peer().uid(),
                                key.get(),
                                List.of(bytes(exchange.method()), bytes(exchange.path()), body),
                                () -> call.answer(exchange, body));
                clients.send(exchange, keyed.answer(), Optional.of(keyed.call()));
            }
        };
    }

    private static Optional<String> key(Exchange exchange) {
        var keys = exchange.headers(IDEMPOTENCY_KEY);
        if (keys.size() > 1) {
            throw new ProblemException(
                    ProblemType.INVALID_REQUEST,
                    "Idempotency-Key: a request may have one key, and this one has " + keys.size());
        }
        return keys.stream().findFirst();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
