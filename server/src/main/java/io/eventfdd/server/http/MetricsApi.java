package io.eventfdd.server.http;

import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** {@code GET /metrics}: what the daemon counts, in Prometheus' text format. */
public final class MetricsApi {
    private final PrometheusRegistry registry;
    private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();

    /** Tells what is in {@code registry}. */
    public MetricsApi(PrometheusRegistry registry) {
        this.registry = registry;
    }

    /** What can be asked. */
    public Page page() {
        return new Page("/metrics", this::text);
    }

    private Page.Content text() {
        var text = new ByteArrayOutputStream();
        try {
            writer.write(text, registry.scrape());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Page.Content(
                200, writer.getContentType(), text.toString(StandardCharsets.UTF_8));
    }
}
