package io.eventfdd.server;

import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;
import io.eventfdd.server.eventfds.Eventfds;
import io.eventfdd.server.http.Clients;
import io.eventfdd.server.http.Endpoint;
import io.eventfdd.server.http.EventfdApi;
import io.eventfdd.server.http.Exchange;
import io.eventfdd.server.http.LeaseApi;
import io.eventfdd.server.http.OpenApiDocument;
import io.eventfdd.server.http.OperatorPage;
import io.eventfdd.server.http.WaitTimes;
import io.eventfdd.server.idempotency.IdempotencyKeys;
import io.eventfdd.server.runtime.RuntimeDirectory;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The calls that {@code api.sock} answers.
 *
 * @param endpoints a row for each call
 * @param first acts on each request before its call
 */
record CallTable(List<Endpoint> endpoints, Consumer<Exchange> first) {
    private static final Duration EVENTS_KEEP_ALIVE = Duration.ofSeconds(15);

    CallTable {
        endpoints = List.copyOf(endpoints);
    }

    /**
     * Makes the table.
     *
     * @param settings the settings in force
     * @param pages the pages for operators
     */
    static CallTable of(
            Eventfds eventfds,
            Clients clients,
            IdempotencyKeys keys,
            RuntimeDirectory directory,
            Supplier<Settings> settings,
            List<OperatorPage> pages) {
        var waiting = new WaitTimes(() -> settings.get().duration(Setting.MAX_WAIT));
        var calls =
                new EventfdApi(
                        eventfds,
                        clients,
                        keys,
                        waiting,
                        EVENTS_KEEP_ALIVE,
                        () -> new About(directory, settings.get()).toJson());
        var leases =
                new LeaseApi(
                        eventfds.leases(),
                        clients,
                        keys,
                        waiting,
                        () -> settings.get().duration(Setting.MAX_LEASE));
        var endpoints = new ArrayList<>(calls.endpoints());
        endpoints.addAll(leases.endpoints());
        endpoints.add(new OpenApiDocument().endpoint());
        pages.forEach(page -> endpoints.add(page.endpoint()));
        return new CallTable(endpoints, calls::forgetDone);
    }
}
