package io.eventfdd.server;

import io.eventfdd.bridge.Bridge;
import io.eventfdd.bridge.status.LinkStatus;
import io.eventfdd.bridge.status.LinkStatus.Condition;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

import java.util.function.ToDoubleFunction;

/**
 * The metrics of the bridge, which are read when somebody asks for them. The links are labels, as
 * in {@code export orders}; only the file of links has a say in what they are.
 */
final class BridgeMetrics {
    private final Bridge bridge;
    private final PrometheusRegistry registry = new PrometheusRegistry();

    private BridgeMetrics(Bridge bridge) {
        this.bridge = bridge;
    }

    /** The metrics of {@code bridge}. */
    static PrometheusRegistry of(Bridge bridge) {
        var metrics = new BridgeMetrics(bridge);
        metrics.registerAll();
        return metrics.registry;
    }

    private void registerAll() {
        Info.builder()
                .name("eventfdd_build_info")
                .help("The version of this bridge")
                .labelNames("version")
                .register(registry)
                .setLabelValues(Version.text());
        GaugeWithCallback.builder()
                .name("eventfdd_bridge_connected")
                .help("1 while there is a connection to NATS")
                .callback(callback -> callback.call(bridge.isConnected() ? 1 : 0))
                .register(registry);
        CounterWithCallback.builder()
                .name("eventfdd_bridge_long_absences")
                .help("How often the bridge was away for longer than longest-absence")
                .callback(callback -> callback.call((double) bridge.longAbsences()))
                .register(registry);
        gauge(
                "eventfdd_bridge_link_up",
                "1 while the link moves signals or waits for some, 0 while something is in its way",
                link -> link.condition() == Condition.RUNNING ? 1 : 0);
        gauge(
                "eventfdd_bridge_link_failed",
                "1 if the link has stopped for good; the log says why",
                link -> link.condition() == Condition.FAILED ? 1 : 0);
        gauge(
                "eventfdd_bridge_lag_messages",
                "Messages that wait in the stream for the link",
                LinkStatus::lag);
        gauge(
                "eventfdd_bridge_unsettled_seconds",
                "For how long the daemon has had to remember a call of the link",
                link -> link.unsettledFor().toNanos() / 1e9);
        counter("eventfdd_bridge_messages", "Messages that were moved", LinkStatus::messages);
        counter("eventfdd_bridge_signals", "Signals that were moved", LinkStatus::signals);
        counter(
                "eventfdd_bridge_in_doubt",
                "Calls that may be missing or counted twice, because a daemon lost their keys",
                LinkStatus::inDoubt);
        counter(
                "eventfdd_bridge_foreign_messages",
                "Messages that were left out because no bridge has published them",
                LinkStatus::foreign);
    }

    private void gauge(String name, String help, ToDoubleFunction<LinkStatus> value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames("link")
                .callback(callback -> tellAll(value, callback::call))
                .register(registry);
    }

    private void counter(String name, String help, ToDoubleFunction<LinkStatus> value) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames("link")
                .callback(callback -> tellAll(value, callback::call))
                .register(registry);
    }

    /** Takes the figure of one link. */
    private interface Ear {
        void hear(double value, String link);
    }

    private void tellAll(ToDoubleFunction<LinkStatus> value, Ear ear) {
        bridge.links().forEach(link -> ear.hear(value.applyAsDouble(link), link.link()));
    }
}
