package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;

import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.eventfdd.internal.linux.OpenFiles;
import io.eventfdd.server.config.InvalidSetting;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;
import io.eventfdd.server.handover.Inheritance;
import io.eventfdd.server.handover.Systemd;
import io.eventfdd.server.http.Endpoint;
import io.eventfdd.server.idempotency.KeptAnswer;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.runtime.RuntimeDirectory;
import io.eventfdd.server.testing.JsonText;
import io.eventfdd.server.testing.RawClient;
import io.eventfdd.server.testing.UnixRestAssured;
import io.restassured.specification.RequestSpecification;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** The whole daemon in this process, on a runtime directory of its own. */
public final class DaemonUnderTest implements AutoCloseable {
    private final Path parent;
    private final RuntimeDirectory directory;
    private final EventLoop loop = new EventLoop(System::nanoTime);
    private final Daemon daemon;

    /** Kept, since tests ask often. */
    private @Nullable RawClient asking;

    /** One that serves, with {@code settings} by key. */
    public DaemonUnderTest(Map<String, String> settings) throws IOException, InvalidSetting {
        parent = Files.createTempDirectory("efd");
        Files.setPosixFilePermissions(parent, PosixFilePermissions.fromString("rwxr-xr-x"));
        var all = Settings.read(settings, Map.of(), Optional.empty());
        directory =
                RuntimeDirectory.open(
                        parent.resolve("run"),
                        all.number(Setting.DIRECTORY_MODE),
                        OpenFiles.effectiveUser(),
                        Set.of(),
                        Duration.ZERO);
        Logging.toStandardError();
        Logging.configure(all);
        daemon = new Daemon(all, directory, Inheritance.NOTHING, Systemd.of(Map.of()), loop);
        daemon.prepare().serve();
    }

    /** Its event loop. */
    public EventLoop loop() {
        return loop;
    }

    /** Its table of calls. */
    public List<Endpoint> endpoints() {
        return daemon.endpoints();
    }

    /** Has it refuse calls, as at its stop. */
    public void refuseCalls() {
        daemon.refuseCalls();
    }

    /** The idempotency keys that it would leave to the next one; it keeps no more from now on. */
    public List<KeptAnswer> keysLeft() {
        return daemon.keysLeft();
    }

    /** Has it read its settings again, which are {@code settings} now. */
    public void reload(Map<String, String> settings) {
        daemon.reload(() -> Settings.read(settings, Map.of(), Optional.empty()));
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

    /** A client of the library. */
    public EventfddClient client(Transport transport) {
        return EventfddClient.builder()
                .runtimeDirectory(directory())
                .transport(transport)
                .connect();
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
        return get("/v1/eventfds/" + name).path(field).asText();
    }

    /** The document at {@code path}. */
    public synchronized JsonNode get(String path) {
        try {
            if (asking == null) {
                asking = connect();
            }
            var answer = asking.call("GET", path, "").answer();
            assertThat(answer.status()).as(answer.body()).isEqualTo(200);
            return JsonText.parse(answer.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until {@code condition} holds, and asks less and less often. */
    public static void until(BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(15).toNanos();
        long pause = 500_000;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(end);
            LockSupport.parkNanos(pause);
            pause = Math.min(2 * pause, 5_000_000);
        }
    }

    @Override
    public void close() throws IOException {
        if (asking != null) {
            asking.close();
        }
        var _ = daemon.stop(Ending.STOPPED);
        directory.close();
        try (var files = Files.walk(parent)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
