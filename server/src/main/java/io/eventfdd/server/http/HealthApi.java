package io.eventfdd.server.http;

import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * What a supervisor asks: {@code live} means that the loop turns, {@code ready} that clients are
 * served on both sockets.
 */
public final class HealthApi {
    private final BooleanSupplier live;
    private final BooleanSupplier ready;

    /** Both may block for as long as a healthy loop would never take. */
    public HealthApi(BooleanSupplier live, BooleanSupplier ready) {
        this.live = live;
        this.ready = ready;
    }

    /** What can be asked. */
    public List<Page> pages() {
        return List.of(
                page("/health", () -> live.getAsBoolean() && ready.getAsBoolean()),
                page("/health/live", live),
                page("/health/ready", ready));
    }

    private static Page page(String path, BooleanSupplier healthy) {
        return new Page(
                path,
                () ->
                        healthy.getAsBoolean()
                                ? Page.Content.json(200, "status", "UP")
                                : Page.Content.json(503, "status", "DOWN"));
    }
}
