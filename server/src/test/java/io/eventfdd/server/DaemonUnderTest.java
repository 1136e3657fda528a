package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.linux.OpenFiles;
import io.eventfdd.server.config.InvalidSetting;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;
import io.eventfdd.server.runtime.RuntimeDirectory;
import io.eventfdd.server.testing.RawClient;
import io.eventfdd.server.testing.UnixRestAssured;
import io.restassured.specification.RequestSpecification;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** The whole daemon in this process, on a runtime directory of its own. */
public final class DaemonUnderTest implements AutoCloseable {
    private final Path parent;
    private final RuntimeDirectory directory;
    private final Daemon daemon;

    /** One that serves, with {@code settings} by key. */
    public DaemonUnderTest(Map<String, String> settings) throws IOException, InvalidSetting {
        parent = Files.createTempDirectory("efd");
        var all = Settings.read(settings, Map.of(), Optional.empty());
        directory =
                RuntimeDirectory.open(
                        parent.resolve("run"),
                        all.number(Setting.DIRECTORY_MODE),
                        OpenFiles.effectiveUser());
        daemon = new Daemon(all, directory);
        daemon.start();
    }

    /** The socket of the HTTP calls. */
    public Path api() {
        return directory.apiSocket();
    }

    /** The runtime directory. */
    public Path directory() {
        return directory.path();
    }

    /** A request by REST Assured. */
    public RequestSpecification request() {
        return UnixRestAssured.given(api());
    }

    /** A connection to send bytes on. */
    public RawClient connect() throws IOException {
        return RawClient.connect(api());
    }

    /** The count of {@code name}, as digits. */
    public String count(String name) {
        return state(name, "count");
    }

    /** How many wait on {@code name}. */
    public int waiters(String name) {
        return Integer.parseInt(state(name, "waiters"));
    }

    private String state(String name, String field) {
        return request()
                .get("/v1/eventfds/" + name)
                .then()
                .statusCode(200)
                .extract()
                .path(field)
                .toString();
    }

    /** Waits until {@code condition} holds. */
    public static void until(BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(15).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(end);
        }
    }

    @Override
    public void close() throws IOException {
        daemon.stop();
        directory.close();
        try (var files = Files.walk(parent)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
