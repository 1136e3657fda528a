package io.eventfdd.server;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** {@code /health/live} goes through the event loop; {@code /health/ready} means both sockets. */
class HealthTest {
    private static void assertHealth(DaemonUnderTest daemon, String path, boolean up) {
        daemon.request()
                .get(path)
                .then()
                .statusCode(up ? 200 : 503)
                .contentType("application/json")
                .body("status", equalTo(up ? "UP" : "DOWN"));
    }

    @Test
    void aDaemonThatServesIsLiveAndReady() throws Exception {
        try (var daemon = new DaemonUnderTest(Map.of())) {
            assertHealth(daemon, "/health", true);
            assertHealth(daemon, "/health/live", true);
            assertHealth(daemon, "/health/ready", true);
        }
    }

    @Test
    void aLoopThatIsStuckIsNotLiveUntilItTurnsAgain() throws Exception {
        try (var daemon = new DaemonUnderTest(Map.of())) {
            var stuck = new CompletableFuture<Void>();
            daemon.loop().submit(stuck::join);
            assertHealth(daemon, "/health/live", false);
            assertHealth(daemon, "/health/ready", false);
            assertHealth(daemon, "/health", false);
            stuck.complete(null);
            until(() -> daemon.request().get("/health/live").statusCode() == 200);
            assertHealth(daemon, "/health", true);
        }
    }

    @Test
    void aLoopThatFailedIsNotLive() throws Exception {
        try (var daemon = new DaemonUnderTest(Map.of())) {
            daemon.loop()
                    .submit(() -> {
                        throw new IllegalStateException("of this test's making");
                    });
            assertHealth(daemon, "/health/live", false);
            assertHealth(daemon, "/health/ready", false);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"api.sock", "fd.sock"})
    void aSocketThatSomebodyReplacedIsNotServed(String socket) throws Exception {
        try (var daemon = new DaemonUnderTest(Map.of());
                var client = daemon.connect()) {
            Files.move(
                    Files.createFile(daemon.directory().resolve("other")),
                    daemon.directory().resolve(socket),
                    StandardCopyOption.ATOMIC_MOVE);
            client.call("GET", "/health/ready", "");
            var answer = client.answer();
            assertThat(answer.status()).isEqualTo(503);
            client.call("GET", "/health/live", "");
            assertThat(client.answer().status()).isEqualTo(200);
        }
    }
}
