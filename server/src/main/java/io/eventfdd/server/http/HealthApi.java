package io.eventfdd.server.http;

import io.eventfdd.protocol.Json;

import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * What a supervisor asks: {@code live} means that the loop turns, {@code ready} that clients are
 * served.
 */
public final class HealthApi {
    private final BooleanSupplier live;
    private final BooleanSupplier ready;

    /** {@code live} may block for as long as a healthy loop would never take. */
    public HealthApi(BooleanSupplier live, BooleanSupplier ready) {
        this.live = live;
        this.ready = ready;
    }

    /** The table of calls. */
    public List<Endpoint> endpoints() {
        return List.of(
                new Endpoint(
                        "GET",
                        "/health",
                        exchange -> answer(exchange, live.getAsBoolean() && ready.getAsBoolean())),
                new Endpoint(
                        "GET", "/health/live", exchange -> answer(exchange, live.getAsBoolean())),
                new Endpoint(
                        "GET",
                        "/health/ready",
                        exchange -> answer(exchange, ready.getAsBoolean())));
    }

    private static void answer(Exchange exchange, boolean healthy) {
        exchange.query().end();
        exchange.json(healthy ? 200 : 503, Json.object().put("status", healthy ? "UP" : "DOWN"));
    }
}
