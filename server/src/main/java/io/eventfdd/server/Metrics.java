package io.eventfdd.server;

import com.sun.management.UnixOperatingSystemMXBean;

import io.eventfdd.internal.linux.PeerCredentials;
import io.eventfdd.server.fdsocket.FdObserver;
import io.eventfdd.server.http.CallObserver;
import io.eventfdd.server.http.Exchange;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Unit;

import java.lang.management.ManagementFactory;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/**
 * The metrics of the daemon. Most of them are read when somebody asks for them; only calls are
 * counted as they are answered. No label has values that a client can choose: operations and
 * outcomes come from tables of the daemon, and users from the kernel. Names are chosen by clients,
 * so they are shown only if that is set.
 */
final class Metrics implements CallObserver, FdObserver {
    static final double NANOS_A_SECOND = 1e9;

    /** The buckets for calls: from the least cost of a call to the longest wait. */
    private static final double[] SECONDS = {
        0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1,
        0.5, 1, 5, 10, 30, 60, 300, 3600
    };

    /**
     * The buckets for the loop's lag: from a wake-up of an idle core to a time after which a
     * supervisor takes the daemon for dead.
     */
    private static final double[] LAGS = {
        0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1,
        0.5, 1, 2
    };

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Histogram calls =
            Histogram.builder()
                    .name("eventfdd_call_duration_seconds")
                    .help(
                            "From a call's arrival to the end of its answer, the time that it"
                                    + " waited included")
                    .unit(Unit.SECONDS)
                    .labelNames("operation", "outcome")
                    .classicOnly()
                    .classicUpperBounds(SECONDS)
                    .register(registry);
    private final Histogram lags =
            Histogram.builder()
                    .name("eventfdd_loop_lag_seconds")
                    .help(
                            "From the moment in which the event loop is given something to do to"
                                    + " its doing so")
                    .unit(Unit.SECONDS)
                    .classicOnly()
                    .classicUpperBounds(LAGS)
                    .register(registry);

    /** Registers the metrics of the process. */
    Metrics() {
        Info.builder()
                .name("eventfdd_build_info")
                .help("The version of this daemon")
                .labelNames("version")
                .register(registry)
                .setLabelValues(Version.text());
        double started = ManagementFactory.getRuntimeMXBean().getStartTime() / 1e3;
        seconds(
                "process_start_time_seconds",
                "When the process started, since the epoch",
                () -> started);
        seconds(
                "eventfdd_uptime_seconds",
                "How long the process has run",
                () -> ManagementFactory.getRuntimeMXBean().getUptime() / 1e3);
        process(
                "process_open_fds",
                "Descriptors that are open",
                UnixOperatingSystemMXBean::getOpenFileDescriptorCount);
        process(
                "process_max_fds",
                "The limit of open descriptors",
                UnixOperatingSystemMXBean::getMaxFileDescriptorCount);
    }

    private void process(
            String name, String help, ToLongFunction<UnixOperatingSystemMXBean> value) {
        if (ManagementFactory.getOperatingSystemMXBean()
                instanceof UnixOperatingSystemMXBean system) {
            gauge(name, help, () -> (int) Math.min(Integer.MAX_VALUE, value.applyAsLong(system)));
        }
    }

    /** A value that goes up and down. */
    void gauge(String name, String help, IntSupplier value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(callback -> callback.call(value.getAsInt()))
                .register(registry);
    }

    /** A value in seconds that goes up and down. */
    void seconds(String name, String help, DoubleSupplier value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .unit(Unit.SECONDS)
                .callback(callback -> callback.call(value.getAsDouble()))
                .register(registry);
    }

    /** Values that go up and down, one for each value of {@code label}. */
    void gauges(
            String name, String help, String label, Consumer<GaugeWithCallback.Callback> values) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames(label)
                .callback(values)
                .register(registry);
    }

    /** A value that only goes up; its name gets {@code _total}. */
    void counter(String name, String help, LongSupplier value) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .callback(callback -> callback.call((double) value.getAsLong()))
                .register(registry);
    }

    /** Records how long the loop took to begin something. */
    void lagged(long nanos) {
        lags.observe(nanos / NANOS_A_SECOND);
    }

    @Override
    public void answered(Exchange exchange, String operation, String outcome, long nanos) {
        calls.labelValues(operation, outcome).observe(nanos / NANOS_A_SECOND);
    }

    @Override
    public void replied(PeerCredentials peer, String operation, String outcome, long nanos) {
        calls.labelValues(operation, outcome).observe(nanos / NANOS_A_SECOND);
    }

    /** The registry with all metrics. */
    PrometheusRegistry registry() {
        return registry;
    }
}
