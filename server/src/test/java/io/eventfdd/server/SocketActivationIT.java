package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.UnixRestAssured;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The packaged daemon with descriptors that it was born with, as systemd gives them. */
@Timeout(300)
class SocketActivationIT {
    @TempDir private Path parent;

    private Path directory;
    private Path log;
    private Process daemon;

    @BeforeEach
    void makeTheDirectory() throws IOException {
        directory = Files.createDirectory(parent.resolve("run"));
        log = parent.resolve("log");
    }

    @AfterEach
    void end() throws Exception {
        if (daemon != null) {
            daemon.destroyForcibly();
            daemon.waitFor();
        }
    }

    private void start(String pid, String names, String counts) throws Exception {
        start(pid, names, counts, directory);
    }

    private void start(String pid, String names, String counts, Path served) throws Exception {
        var script = Path.of(SocketActivationIT.class.getResource("/service_manager.py").toURI());
        var command =
                new ArrayList<>(
                        List.of(
                                "python3",
                                script.toString(),
                                directory.toString(),
                                pid,
                                names,
                                counts));
        command.add(DaemonProcess.launcher().toString());
        command.addAll(List.of("serve", "--runtime-dir", served.toString()));
        daemon =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                        .start();
        until(() -> Files.exists(parent.resolve("run.listening")) || !daemon.isAlive());
    }

    private void awaitServing() {
        until(() -> !daemon.isAlive() || log().contains("curl"));
        assertThat(daemon.isAlive()).as(log()).isTrue();
    }

    private String log() {
        try {
            return Files.exists(log) ? Files.readString(log) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void stop() throws Exception {
        daemon.destroy();
        assertThat(daemon.waitFor(15, TimeUnit.SECONDS)).isTrue();
        assertThat(daemon.exitValue()).as(log()).isZero();
    }

    /** A client that waits for its answers as long as these tests wait for the daemon to serve. */
    private EventfddClient client(Transport transport) {
        return EventfddClient.builder()
                .runtimeDirectory(directory)
                .transport(transport)
                .timeout(Duration.ofSeconds(30))
                .connect();
    }

    @Test
    void theFirstConnectionsAreServedThoughTheyComeBeforeTheDaemon() throws Exception {
        start("self", "fd:api", ""); // the order is what the names say
        // The sockets listen already; whether the daemon does yet, nobody can tell.
        UnixRestAssured.given(directory.resolve("api.sock"))
                .put("/v1/eventfds/a")
                .then()
                .statusCode(201);
        try (var raw = client(Transport.RAW)) {
            raw.open("a").write(3);
        }
        try (var http = client(Transport.HTTP)) {
            assertThat(http.state("a").count()).isEqualTo(3);
        }
    }

    @Test
    void aHolderThatConnectsBeforeTheDaemonBringsItsEventfdsBack() throws Exception {
        start("self", "api:fd", "");
        awaitServing();
        try (var raw = client(Transport.RAW);
                var http = client(Transport.HTTP)) {
            var held = raw.open("a", EventfdSpec.counter());
            held.write(3);
            daemon.destroyForcibly().waitFor();
            for (var file : List.of("run/api.sock", "run/fd.sock", "run.listening")) {
                Files.delete(parent.resolve(file));
            }
            held.write(4);
            start("self", "api:fd", "");
            assertThat(http.state("a").count()).isEqualTo(7);
            held.write(1);
            assertThat(http.state("a").count()).as("it is the same eventfd").isEqualTo(8);
        }
    }

    @Test
    void clientsFindTheDaemonAtTheServiceManagersSocketsWhichStayAtTheEnd() throws Exception {
        start("self", "api:fd", "");
        awaitServing();
        var script = Path.of(SocketActivationIT.class.getResource("/who_listens.py").toURI());
        var listeners =
                new ProcessBuilder("python3", script.toString(), directory.toString()).start();
        assertThat(listeners.inputReader().readAllLines())
                .containsExactly(
                        directory.resolve("api.sock") + " " + daemon.pid(),
                        directory.resolve("fd.sock") + " " + daemon.pid());
        var api = Files.readAttributes(directory.resolve("api.sock"), "unix:ino").get("ino");
        stop();
        assertThat(directory.resolve("fd.sock")).exists();
        assertThat(Files.readAttributes(directory.resolve("api.sock"), "unix:ino").get("ino"))
                .isEqualTo(api);
        assertThat(log()).doesNotContain("WARN").doesNotContain("ERROR");
    }

    @Test
    void aSocketOfTheServiceManagersThatIsRemovedIsNotMadeHere() throws Exception {
        start("self", "api:fd", "");
        awaitServing();
        try (var http = client(Transport.HTTP)) {
            http.create("a", EventfdSpec.counter());
            Files.delete(directory.resolve("api.sock"));
            until(() -> log().contains("restart its socket unit"));
            assertThat(http.state("a").count()).as("connections go on").isZero();
        }
        stop();
        assertThat(directory.resolve("api.sock")).doesNotExist();
        assertThat(directory.resolve("fd.sock")).exists();
    }

    /** The names of units, one unit for both, no names, wrong ones, and strangers among them. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "api=eventfdd-api.socket:fd=eventfdd-fd.socket",
                "fd=eventfdd.socket:api=eventfdd.socket",
                "api=api:fd=api",
                "api=fd:fd=api",
                "api=:fd=",
                "fd=:api=",
                "tcp=:fd=:api="
            })
    void socketsAreKnownByTypeAndAddress(String names) throws Exception {
        start("self", names, "");
        awaitServing();
        try (var raw = client(Transport.RAW);
                var http = client(Transport.HTTP)) {
            raw.open("a", EventfdSpec.counter()).write(3);
            assertThat(http.state("a").count()).isEqualTo(3);
        }
        stop();
        assertThat(directory.resolve("api.sock")).exists();
        assertThat(directory.resolve("fd.sock")).exists();
    }

    @Test
    void thePathMayLeadOverALink() throws Exception {
        var link = Files.createSymbolicLink(parent.resolve("link"), parent);
        start("self", "fd=:api=", "", link.resolve("run"));
        awaitServing();
        try (var raw = client(Transport.RAW)) {
            raw.open("a", EventfdSpec.counter()).write(3);
        }
        stop();
        assertThat(log()).doesNotContain("WARN").doesNotContain("ERROR");
    }

    @Test
    void aStrangerIsNotUsedAndTheLogSaysHowToNameASocket() throws Exception {
        start("self", "api:fd:tcp=", "");
        awaitServing();
        until(() -> log().contains("FileDescriptorName=api"));
        assertThat(log()).contains("with the name ''").contains("a socket of " + directory);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp=api:fd", "tcp=fd:api", "fd=api", "api=fd"})
    void aSocketOfAnotherKindIsNotUsedWhateverItsName(String names) throws Exception {
        var elsewhere = Files.createDirectory(parent.resolve("elsewhere"));
        start("self", names, "", elsewhere);
        assertThat(daemon.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(daemon.exitValue()).isEqualTo(1);
        assertThat(log()).contains(" is no listening Unix socket of the type SOCK_");
        assertThat(elsewhere.resolve("api.sock")).doesNotExist();
    }

    @Test
    void oneOfBothIsEnough() throws Exception {
        start("self", "api", "");
        awaitServing();
        try (var raw = client(Transport.RAW)) {
            raw.open("a", EventfdSpec.counter()).write(3);
        }
        stop();
        assertThat(directory.resolve("api.sock")).exists();
        assertThat(directory.resolve("fd.sock")).as("its own").doesNotExist();
    }

    /** The table of a daemon that was killed: without the descriptors the counts would be 0. */
    @Test
    void eventfdsThatWereKeptHaveTheirNamesAndCountsAgain() throws Exception {
        Files.writeString(
                directory.resolve("table"),
                """
                {"eventfdd":1,"stopped":false,"keys":"x"}
                {"id":1,"name":"orders","created":"2031-01-01T00:00:00Z","shared":true,"returning":[],"objects":[]}
                {"id":2,"name":"lost","created":"2031-01-01T00:00:00Z","shared":false,"returning":[],"objects":[]}
                {"id":72,"name":"slots","created":"2031-01-01T00:00:00Z","shared":false,"returning":[],"objects":[]}
                """);
        start("self", "e1:api:e20:fd:unknown:e99", "41,18446744073709551614,1,1");
        try (var http = client(Transport.HTTP)) {
            assertThat(http.state("orders").count()).isEqualTo(41);
            assertThat(http.state("slots").count()).isEqualTo(-2);
            assertThat(http.state("lost").count()).isZero();
            assertThat(http.list()).hasSize(3);
        }
        until(() -> log().contains("with the name 'unknown'"));
        until(() -> log().contains("inherited eventfd 333 is not in the table"));
    }

    @Test
    void whatIsMeantForAnotherProcessIsNotTaken() throws Exception {
        start("1", "api:fd", "");
        assertThat(daemon.waitFor(15, TimeUnit.SECONDS)).isTrue();
        assertThat(daemon.exitValue()).as("somebody listens there").isEqualTo(1);
        assertThat(log()).doesNotContain("curl");
    }
}
