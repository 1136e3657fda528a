package io.eventfdd.server.http;

import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * The questions of a supervisor: {@code live} means that the loop turns, {@code ready} that clients
 * are served on both sockets.
 */
public final class HealthApi {
    private final BooleanSupplier live;
    private final BooleanSupplier ready;

    /** Both may block for as long as a healthy loop would never take. */
    public HealthApi(BooleanSupplier live, BooleanSupplier ready) {
        this.live = live;
        this.ready = ready;
    }

    /** The pages that answer. */
    public List<OperatorPage> pages() {
        return List.of(
                page("/health", () -> live.getAsBoolean() && ready.getAsBoolean()),
                page("/health/live", live),
                page("/health/ready", ready));
    }

    private static OperatorPage page(String path, BooleanSupplier healthy) {
        return new OperatorPage(
                path,
                () ->
                        healthy.getAsBoolean()
                                ? OperatorPage.Content.json(200, "status", "UP")
                                : OperatorPage.Content.json(503, "status", "DOWN"));
    }
}
