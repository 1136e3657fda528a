package io.eventfdd.server;

import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.loop.Eventfds;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

import java.util.function.IntSupplier;

/** What the daemon counts, asked for when somebody looks. */
final class Metrics {
    private Metrics() {}

    static PrometheusRegistry of(EventLoop loop, Eventfds eventfds, IntSupplier connections) {
        var registry = new PrometheusRegistry();
        Info.builder()
                .name("eventfdd_build_info")
                .help("The version of this daemon")
                .labelNames("version")
                .register(registry)
                .setLabelValues(Version.text());
        gauge(registry, "eventfdd_eventfds", "Named eventfds", eventfds::size);
        gauge(
                registry,
                "eventfdd_waiters",
                "Calls that wait, once for each eventfd",
                eventfds::waiting);
        gauge(registry, "eventfdd_connections", "Connections to api.sock", connections);
        CounterWithCallback.builder()
                .name("eventfdd_loop_turns_total")
                .help("How often the event loop has woken up")
                .callback(callback -> callback.call((double) loop.turns()))
                .register(registry);
        return registry;
    }

    private static void gauge(
            PrometheusRegistry registry, String name, String help, IntSupplier value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(callback -> callback.call(value.getAsInt()))
                .register(registry);
    }
}
