package io.eventfdd.server.http;

import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

import java.io.ByteArrayOutputStream;

/** {@code GET /metrics}: what the daemon counts, in Prometheus' text format. */
public final class MetricsApi {
    private final PrometheusRegistry registry;
    private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();

    /** Tells what is in {@code registry}. */
    public MetricsApi(PrometheusRegistry registry) {
        this.registry = registry;
    }

    /** Its row in the table of calls. */
    public Endpoint endpoint() {
        return new Endpoint(
                "GET",
                "/metrics",
                exchange -> {
                    exchange.query().end();
                    var text = new ByteArrayOutputStream();
                    writer.write(text, registry.scrape());
                    exchange.send(200, writer.getContentType(), text.toByteArray());
                });
    }
}
