package io.eventfdd.server;

import io.eventfdd.client.Count;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;
import io.eventfdd.server.eventfds.CurrentState;
import io.eventfdd.server.eventfds.Eventfds;
import io.eventfdd.server.eventfds.LeaseCalls;
import io.eventfdd.server.handover.Table;
import io.eventfdd.server.idempotency.IdempotencyKeys;
import io.eventfdd.server.loop.EventLoop;

import java.util.List;
import java.util.Locale;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * Registers the metrics of each part of the daemon, because the parts do not know the metrics. They
 * are read when somebody asks for them, on the thread of that call.
 */
record PartMetrics(Metrics metrics) {
    private static final double MILLIS_A_SECOND = 1e3;

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

    void loop(EventLoop loop) {
        metrics.counter(
                "eventfdd_loop_turns", "How often the event loop has woken up", loop::turns);
        metrics.seconds(
                "eventfdd_loop_longest_turn_seconds",
                "The longest that the event loop was busy without looking what is ready, in the"
                        + " last minute or two",
                () -> loop.longestTurn() / Metrics.NANOS_A_SECOND);
        loop.tellLags(metrics::lagged);
    }

    void eventfds(Eventfds eventfds) {
        metrics.gauge("eventfdd_eventfds", "Named eventfds", eventfds::size);
        metrics.gauge(
                "eventfdd_waiters", "Calls that wait, once for each eventfd", eventfds::waiting);
        metrics.gauge(
                "eventfdd_watchers", "Streams of counts that are watched", eventfds::watching);
        metrics.counter(
                "eventfdd_wake_ups",
                "Calls that waited and were served; those that need not wait are not counted",
                eventfds::wakeUps);
        metrics.counter(
                "eventfdd_put_backs",
                "Values that went back since their clients did not take them",
                eventfds::putBacks);
        metrics.counter("eventfdd_denials", "Calls that a user had no right to", eventfds::denials);
        metrics.gauges(
                "eventfdd_user_eventfds",
                "Named eventfds of each user that has some",
                "uid",
                callback ->
                        eventfds.sizeByUser()
                                .forEach((uid, size) ->
                                        callback.call(size, Integer.toUnsignedString(uid))));
    }

    void leases(LeaseCalls leases) {
        metrics.gauges(
                "eventfdd_leases",
                "Leases, by what holds them",
                "kind",
                callback ->
                        leases.sizes().forEach((kind, size) -> callback.call(size, kind.text())));
        metrics.seconds(
                "eventfdd_oldest_lease_seconds",
                "The age of the oldest lease; 0 if there is none",
                () -> leases.oldest().toMillis() / MILLIS_A_SECOND);
        metrics.counter(
                "eventfdd_lease_lapses",
                "Leases whose holder ended, or whose time was up",
                leases::lapses);
        metrics.counter(
                "eventfdd_lease_permits_returned",
                "Permits that came back from leases",
                leases::returned);
    }

    /** Registers the limits in force. */
    void limits(Supplier<Settings> settings) {
        for (var limit : LIMITS) {
            metrics.gauge(
                    "eventfdd_" + limit.name().toLowerCase(Locale.ROOT),
                    "The limit: " + limit.meaning(),
                    () -> settings.get().number(limit));
        }
    }

    /** Registers the metrics of each eventfd, which are shown if that is set. */
    void eachEventfd(Supplier<Settings> settings, Eventfds eventfds) {
        Supplier<List<CurrentState>> shown =
                () ->
                        settings.get().choice(Setting.METRICS_BY_NAME).equals("on")
                                ? eventfds.states()
                                : List.of();
        byName(
                "eventfdd_eventfd_value",
                "The count of each eventfd",
                shown,
                state -> Count.toBigInteger(state.count()).doubleValue());
        byName(
                "eventfdd_eventfd_waiters",
                "Calls that wait on each eventfd",
                shown,
                CurrentState::waiters);
    }

    private void byName(
            String name,
            String help,
            Supplier<List<CurrentState>> eventfds,
            ToDoubleFunction<CurrentState> value) {
        metrics.gauges(
                name,
                help,
                "name",
                callback ->
                        eventfds.get()
                                .forEach(state ->
                                        callback.call(
                                                value.applyAsDouble(state), state.name().value())));
    }

    void keys(IdempotencyKeys keys) {
        metrics.counter(
                "eventfdd_idempotent_replays",
                "Calls that came again and got their answer again",
                keys::replays);
        metrics.gauge("eventfdd_idempotency_keys", "Idempotency keys that are kept", keys::size);
    }

    void sockets(IntSupplier connections, IntSupplier fdConnections, LongSupplier fdsHandedOut) {
        metrics.gauge("eventfdd_connections", "Connections to api.sock", connections);
        metrics.gauge("eventfdd_fd_connections", "Connections to fd.sock", fdConnections);
        metrics.counter(
                "eventfdd_fds_handed_out",
                "Raw descriptors that were sent to clients",
                fdsHandedOut);
    }

    void table(Table table) {
        metrics.gauge(
                "eventfdd_table_failing",
                "1 while the table, or the space that is kept for it, cannot be written",
                () -> table.failure().isPresent() ? 1 : 0);
        metrics.counter(
                "eventfdd_table_write_failures",
                "Attempts to write the table that failed",
                table::failures);
    }

    void log() {
        metrics.counter(
                "eventfdd_log_lines_dropped",
                "Lines of the log that standard error did not take in time",
                Logging::dropped);
    }
}
