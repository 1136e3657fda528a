package io.eventfdd.server;

import com.sun.management.UnixOperatingSystemMXBean;

import io.eventfdd.internal.linux.PeerCredentials;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;
import io.eventfdd.server.eventfds.CurrentState;
import io.eventfdd.server.eventfds.Eventfds;
import io.eventfdd.server.fdsocket.FdServer;
import io.eventfdd.server.http.CallObserver;
import io.eventfdd.server.http.Exchange;
import io.eventfdd.server.loop.EventLoop;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Unit;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/**
 * The metrics of the daemon. Most of them are read when somebody asks for them; only calls are
 * counted as they are answered. No label has values that a client can choose: operations and
 * outcomes come from tables of the daemon, and users from the kernel. Names are chosen by clients,
 * so they are shown only if that is set.
 */
final class Metrics implements CallObserver, FdServer.Observer {
    private static final double NANOS_A_SECOND = 1e9;

    /** The buckets for calls: from the least cost of a call to the longest wait. */
    private static final double[] SECONDS = {
        0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1,
        0.5, 1, 5, 10, 30, 60, 300, 3600
    };

    /** The limits of the things that have gauges. */
    private static final List<Setting> LIMITS =
            List.of(
                    Setting.MAX_EVENTFDS,
                    Setting.MAX_EVENTFDS_PER_USER,
                    Setting.MAX_WAITERS,
                    Setting.MAX_WATCHERS,
                    Setting.MAX_LEASES,
                    Setting.MAX_CONNECTIONS,
                    Setting.MAX_FD_CONNECTIONS);

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

    /** Registers the metrics of the loop and of the things that it owns. */
    void watch(EventLoop loop, Eventfds eventfds) {
        gauge("eventfdd_eventfds", "Named eventfds", eventfds::size);
        gauge("eventfdd_waiters", "Calls that wait, once for each eventfd", eventfds::waiting);
        gauge("eventfdd_watchers", "Streams of counts that are watched", eventfds::watching);
        counter(
                "eventfdd_wake_ups",
                "Calls that waited and were served; those that need not wait are not counted",
                eventfds::wakeUps);
        counter(
                "eventfdd_put_backs",
                "Values that went back since their clients did not take them",
                eventfds::putBacks);
        GaugeWithCallback.builder()
                .name("eventfdd_leases")
                .help("Leases, by what holds them")
                .labelNames("kind")
                .callback(callback ->
                        eventfds.leases()
                                .sizes()
                                .forEach((kind, size) -> callback.call(size, kind.text())))
                .register(registry);
        seconds(
                "eventfdd_oldest_lease_seconds",
                "The age of the oldest lease; 0 if there is none",
                () -> eventfds.leases().oldest().toMillis() / 1e3);
        counter(
                "eventfdd_lease_lapses",
                "Leases whose holder ended, or whose time was up",
                eventfds.leases()::lapses);
        counter(
                "eventfdd_lease_permits_returned",
                "Permits that came back from leases",
                eventfds.leases()::returned);
        counter("eventfdd_denials", "Calls that a user had no right to", eventfds::denials);
        counter("eventfdd_loop_turns", "How often the event loop has woken up", loop::turns);
        seconds(
                "eventfdd_loop_longest_turn_seconds",
                "The longest that the event loop was busy without looking what is ready, in the"
                        + " last minute or two",
                () -> loop.longestTurn() / NANOS_A_SECOND);
        loop.tellLags(nanos -> lags.observe(nanos / NANOS_A_SECOND));
        GaugeWithCallback.builder()
                .name("eventfdd_user_eventfds")
                .help("Named eventfds of each user that has some")
                .labelNames("uid")
                .callback(callback ->
                        eventfds.sizeByUser()
                                .forEach((uid, size) ->
                                        callback.call(size, Integer.toUnsignedString(uid))))
                .register(registry);
    }

    /** Registers the limits in force, and the metrics of each eventfd if that is set. */
    void settings(Supplier<Settings> settings, Eventfds eventfds) {
        for (var limit : LIMITS) {
            gauge(
                    "eventfdd_" + limit.name().toLowerCase(Locale.ROOT),
                    "The limit: " + limit.meaning(),
                    () -> settings.get().number(limit));
        }
        Supplier<List<CurrentState>> named =
                () ->
                        settings.get().choice(Setting.METRICS_BY_NAME).equals("on")
                                ? eventfds.states()
                                : List.of();
        byName(
                "eventfdd_eventfd_value",
                "The count of each eventfd",
                named,
                state -> unsigned(state.count()));
        byName(
                "eventfdd_eventfd_waiters",
                "Calls that wait on each eventfd",
                named,
                CurrentState::waiters);
    }

    private static double unsigned(long count) {
        return count >= 0 ? count : (count >>> 1) * 2.0;
    }

    private void byName(
            String name,
            String help,
            Supplier<List<CurrentState>> eventfds,
            ToDoubleFunction<CurrentState> value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames("name")
                .callback(callback ->
                        eventfds.get()
                                .forEach(state ->
                                        callback.call(
                                                value.applyAsDouble(state), state.name().value())))
                .register(registry);
    }

    /** A value that goes up and down. */
    void gauge(String name, String help, IntSupplier value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(callback -> callback.call(value.getAsInt()))
                .register(registry);
    }

    private void seconds(String name, String help, DoubleSupplier value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .unit(Unit.SECONDS)
                .callback(callback -> callback.call(value.getAsDouble()))
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
