package io.eventfdd.server;

import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonObject;
import io.eventfdd.internal.wire.Timeout;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;
import io.eventfdd.server.runtime.RuntimeDirectory;

/**
 * The answer of {@code GET /v1}: the version, the sockets and the limits of the daemon.
 *
 * @param settings the settings in force
 */
record About(RuntimeDirectory directory, Settings settings) {
    JsonObject toJson() {
        var about = Json.object().put("version", Version.text()).put("openapi", "/openapi");
        about.putObject("runtime")
                .put("directory", directory.path().toString())
                .put("api", directory.apiSocket().toString())
                .put("fd", directory.fdSocket().toString());
        var limits = about.putObject("limits");
        for (var setting : Setting.values()) {
            if (setting.isNumber()) {
                limits.put(setting.key(), settings.number(setting));
            } else if (setting.isDuration()) {
                limits.put(setting.key(), Timeout.format(settings.duration(setting)));
            }
        }
        return about;
    }
}
