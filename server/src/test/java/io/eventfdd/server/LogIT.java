package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;

import com.fasterxml.jackson.databind.ObjectMapper;

import io.eventfdd.server.testing.DaemonProcess;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The log goes to standard error, a line a record, and its settings can change while the daemon
 * runs.
 */
class LogIT {
    @Test
    void nothingIsLoggedOfCallsUnlessAskedFor() throws Exception {
        try (var daemon = DaemonProcess.start()) {
            daemon.request().get("/v1/eventfds").then().statusCode(200);
            assertThat(daemon.log()).isEmpty();
        }
    }

    @Test
    void aVariableThatLooksLikeASettingAndIsNoneIsToldAtTheStart() throws Exception {
        var misspelt = List.of("env", "EVENTFDD_MAX_WAITS=2h", "EVENTFDD_PORT=tcp://10.0.0.1:80");
        try (var daemon = DaemonProcess.startUnder(misspelt)) {
            until(() -> daemon.log().endsWith("\n"));
            assertThat(daemon.log().lines())
                    .singleElement()
                    .asString()
                    .endsWith(
                            "WARNING Serve: the environment has EVENTFDD_MAX_WAITS, which is not a"
                                    + " setting");
        }
    }

    @Test
    void theAccessLogTellsCallAndUserAndOutcome() throws Exception {
        try (var daemon = DaemonProcess.start("--access-log", "on")) {
            daemon.request().get("/v1/eventfds/nobody%0A").then().statusCode(400);
            until(() -> daemon.log().endsWith("\n"));
            assertThat(daemon.log().strip())
                    .matches(
                            "\\S+Z INFO access: GET /v1/eventfds/nobody%0A uid=\\d+ pid=\\d+"
                                    + " invalid-name [0-9.]+ms");
        }
    }

    @Test
    void inJsonEachLineIsAnObject() throws Exception {
        try (var daemon = DaemonProcess.start("--access-log", "on", "--log-format", "json")) {
            daemon.request().get("/v1/eventfds").then().statusCode(200);
            until(() -> daemon.log().endsWith("\n"));
            for (var line : daemon.log().lines().toList()) {
                var json = new ObjectMapper().readTree(line);
                assertThat(json.fieldNames())
                        .toIterable()
                        .containsExactly("time", "level", "logger", "message");
            }
        }
    }

    @Test
    void theEndIsLogged() throws Exception {
        try (var daemon = DaemonProcess.start()) {
            daemon.signal("TERM");
            until(() -> !daemon.process().isAlive());
            assertThat(daemon.log().strip()).matches("\\S+Z INFO Daemon: stopped");
        }
    }

    @Test
    void settingsAreReadAgainOnSighup(@TempDir Path directory) throws Exception {
        var file = Files.writeString(directory.resolve("eventfdd.yaml"), "access-log: off\n");
        try (var daemon = DaemonProcess.start("--config", file.toString())) {
            Files.writeString(file, "access-log: on\nmax-wait: 2h\nsocket-mode: 0600\n");
            daemon.signal("HUP");
            until(() -> daemon.log().contains("read the settings again"));
            assertThat(daemon.log())
                    .contains("socket-mode has changed, and takes effect at the next start");
            assertThat(daemon.log()).doesNotContain("max-wait has changed");
            daemon.request().get("/v1").then().body("limits.max-wait", equalTo("2h"));
            until(() -> daemon.log().contains("GET /v1 uid="));
        }
    }

    @Test
    void whereTheyAreWrongAtASighupAllStayAsTheyWere(@TempDir Path directory) throws Exception {
        var file = Files.writeString(directory.resolve("eventfdd.yaml"), "max-wait: 2h\n");
        try (var daemon = DaemonProcess.start("--config", file.toString())) {
            Files.writeString(file, "max-wait: 3h\nno-such-key: 1\n");
            daemon.signal("HUP");
            until(() -> daemon.log().endsWith("\n"));
            assertThat(daemon.log().lines())
                    .singleElement()
                    .asString()
                    .endsWith("the settings stay unchanged: unknown setting: no-such-key");
            daemon.request().get("/v1").then().body("limits.max-wait", equalTo("2h"));
            Files.delete(file);
            daemon.signal("HUP");
            until(() -> daemon.log().contains("cannot read " + file));
            assertThat(daemon.process().isAlive()).isTrue();
        }
    }
}
