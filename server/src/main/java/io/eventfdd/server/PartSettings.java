package io.eventfdd.server;

import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;
import io.eventfdd.server.eventfds.Limits;
import io.eventfdd.server.fdsocket.FdLimits;
import io.eventfdd.server.http.ApiServer;
import io.eventfdd.server.http.transport.Timeouts;
import io.eventfdd.server.idempotency.IdempotencyKeys;
import io.eventfdd.server.runtime.ListenerPlace;

/**
 * Translates the settings for each part of the daemon, because the parts do not know the settings.
 */
final class PartSettings {
    private PartSettings() {}

    static Limits eventfds(Settings settings, OpenFileBudget budget) {
        return new Limits(
                limit(settings, Setting.MAX_EVENTFDS, Setting.MAX_EVENTFDS_PER_USER),
                limit(settings, Setting.MAX_WAITERS, Setting.MAX_WAITERS_PER_USER),
                settings.number(Setting.MAX_WAITERS_PER_CONNECTION),
                limit(settings, Setting.MAX_WATCHERS, Setting.MAX_WATCHERS_PER_USER),
                limit(settings, Setting.MAX_LEASES, Setting.MAX_LEASES_PER_USER),
                budget.leaseHolders(settings));
    }

    private static Limits.Limit limit(Settings settings, Setting inAll, Setting perUser) {
        return new Limits.Limit(settings.number(inAll), settings.number(perUser));
    }

    static IdempotencyKeys.Limits keys(Settings settings) {
        return new IdempotencyKeys.Limits(
                settings.number(Setting.MAX_KEYS), settings.number(Setting.MAX_KEY_BYTES));
    }

    static FdLimits fds(Settings settings, OpenFileBudget budget) {
        return new FdLimits(
                settings.number(Setting.MAX_FD_CONNECTIONS),
                settings.number(Setting.MAX_FDS_IN_FLIGHT),
                settings.duration(Setting.DELIVERY_TIMEOUT),
                settings.number(Setting.MAX_PACKET),
                settings.number(Setting.MAX_DONATION),
                budget.toldOnFd(),
                settings.duration(Setting.MAX_WAIT),
                settings.duration(Setting.MAX_LEASE));
    }

    static ApiServer.Settings api(Settings settings, ListenerPlace place, OpenFileBudget budget) {
        return new ApiServer.Settings(
                place,
                settings.choice(Setting.API_DESCRIPTORS).equals("refuse"),
                settings.number(Setting.MAX_CONNECTIONS),
                budget.toldOnApi(),
                settings.number(Setting.MAX_BODY),
                new Timeouts(
                        settings.duration(Setting.IDLE_TIMEOUT),
                        settings.duration(Setting.REQUEST_TIMEOUT),
                        settings.duration(Setting.DELIVERY_TIMEOUT)));
    }
}
