package io.eventfdd.server.http;

import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The call {@code GET /metrics}: the metrics of the daemon, in the text format of Prometheus. */
public final class MetricsApi {
    private final PrometheusRegistry registry;
    private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();

    /** Creates the call for the metrics in {@code registry}. */
    public MetricsApi(PrometheusRegistry registry) {
        this.registry = registry;
    }

    /** The page with the metrics. */
    public OperatorPage page() {
        return new OperatorPage("/metrics", this::text);
    }

    private OperatorPage.Content text() {
        var text = new ByteArrayOutputStream();
        try {
            writer.write(text, registry.scrape());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new OperatorPage.Content(
                200, writer.getContentType(), text.toString(StandardCharsets.UTF_8));
    }
}
