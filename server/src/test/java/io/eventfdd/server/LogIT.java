package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;

import com.fasterxml.jackson.databind.ObjectMapper;

import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.Ran;
import io.eventfdd.server.testing.RawClient;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The log goes to standard error, a line a record, and its settings can change while the daemon
 * runs.
 */
@Timeout(300)
class LogIT {
    @Test
    void nothingIsLoggedOfCallsUnlessAskedFor() throws Exception {
        try (var daemon = DaemonProcess.start()) {
            daemon.request().get("/v1/eventfds").then().statusCode(200);
            daemon.signal("TERM");
            assertThat(daemon.exitStatus()).isZero();
            assertThat(daemon.log().strip()).matches("\\S+Z INFO Daemon: stopped");
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

    @ParameterizedTest
    @CsvSource({"/proc/self/fd/2, <4>", "/, ''"})
    void aLineHasItsPriorityWhereTheJournalReadsIt(String stream, String priority)
            throws Exception {
        var script =
                "export JOURNAL_STREAM=$(stat -Lc %d:%i " + stream + ") EVENTFDD_X=1; exec \"$@\"";
        try (var daemon = DaemonProcess.startUnder(List.of("sh", "-c", script, "sh"))) {
            until(() -> daemon.log().endsWith("\n"));
            assertThat(daemon.log()).matches(priority + "20\\S+Z WARNING Serve: .*\n");
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
    void everyLineIsThereAtTheEnd() throws Exception {
        try (var daemon = DaemonProcess.start("--access-log", "on")) {
            call(daemon, 1000, "/v1");
            daemon.signal("TERM");
            assertThat(daemon.exitStatus()).isZero();
            var lines = daemon.log().lines().toList();
            assertThat(lines).hasSize(1001);
            assertThat(lines.subList(0, 1000))
                    .allMatch(line -> line.contains(" INFO access: GET /v1 uid="));
            assertThat(lines.getLast()).endsWith(" INFO Daemon: stopped");
        }
    }

    /** Also when the JVM ends by something that nobody expected. */
    @ParameterizedTest
    @CsvSource({"exit, 3", "error, 1"})
    void everyLineIsThereHoweverTheProcessEnds(String end, int status) throws Exception {
        var classes = LogIT.class.getProtectionDomain().getCodeSource().getLocation();
        var logged =
                Ran.of(
                        new ProcessBuilder(
                                        Path.of(System.getProperty("java.home"), "bin", "java")
                                                .toString(),
                                        "-cp",
                                        Path.of(classes.toURI()) + ":" + DaemonProcess.libraries(),
                                        LogsAndEnds.class.getName(),
                                        end)
                                .redirectErrorStream(true)
                                .start());
        assertThat(logged.status()).isEqualTo(status);
        assertThat(logged.output().lines().filter(line -> line.contains("INFO end: line ")))
                .hasSize(LogsAndEnds.LINES);
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
                    .endsWith(
                            "the settings stay unchanged: "
                                    + file
                                    + ": unknown setting: no-such-key");
            daemon.request().get("/v1").then().body("limits.max-wait", equalTo("2h"));
            Files.delete(file);
            daemon.signal("HUP");
            until(() -> daemon.log().contains("cannot read " + file));
            assertThat(daemon.process().isAlive()).isTrue();
        }
    }

    /**
     * Its standard error is a pipe that it has open for both, so that it is full and never ends.
     */
    private static DaemonProcess startInto(Path pipe) throws IOException {
        var script = "mkfifo '%s'; exec \"$@\" 2<>'%s'".formatted(pipe, pipe);
        return DaemonProcess.startUnder(List.of("sh", "-c", script, "sh"), "--access-log", "on");
    }

    /** Makes calls until there is no room for their lines. */
    private static void fill(DaemonProcess daemon) {
        until(() -> {
            call(daemon, 500, "/" + "a".repeat(200));
            return droppedLines(daemon) > 0;
        });
    }

    private static void call(DaemonProcess daemon, int times, String path) {
        try (var client = daemon.connect()) {
            client.send("GET %s HTTP/1.1\r\nHost: x\r\n\r\n".formatted(path).repeat(times));
            for (int i = 0; i < times; i++) {
                assertThat(client.answer().status()).isIn(200, 404);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aStandardErrorThatNobodyReadsHoldsNobodyUp(@TempDir Path directory) throws Exception {
        try (var daemon = startInto(directory.resolve("log"))) {
            fill(daemon);
            assertThat(Ran.eventfdd(daemon, "ping").status()).isZero();
            daemon.signal("TERM");
            assertThat(daemon.exitStatus()).isZero();
        }
    }

    @Test
    void theLogGoesOnWhenSomebodyReadsAgain(@TempDir Path directory) throws Exception {
        var pipe = directory.resolve("log");
        try (var daemon = startInto(pipe)) {
            fill(daemon);
            try (var log = Files.newBufferedReader(pipe)) {
                var line = log.readLine();
                while (!line.contains("lines of the log that were dropped: ")) {
                    assertThat(line).contains("INFO access: ");
                    line = log.readLine();
                }
                assertThat(line).contains("WARNING Logging: ");
                daemon.request().get("/v1/eventfds/heard").then().statusCode(404);
                while (!line.contains("/v1/eventfds/heard")) {
                    line = log.readLine();
                }
            }
        }
    }

    private static long droppedLines(DaemonProcess daemon) {
        try (var client = daemon.connect()) {
            client.call("GET", "/metrics", "");
            return client.answer()
                    .body()
                    .lines()
                    .filter(line -> line.startsWith("eventfdd_log_lines_dropped_total "))
                    .mapToLong(line -> (long) Double.parseDouble(line.substring(line.indexOf(' '))))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What waits in the pipe already is somebody else's. */
    @ParameterizedTest
    @ValueSource(strings = {"1", "2"})
    @Timeout(300)
    void aPipeThatIsFullFromTheStartHoldsNobodyUp(String descriptor, @TempDir Path directory)
            throws Exception {
        var pipe = directory.resolve("full");
        var sockets = directory.resolve("d");
        var daemon =
                new ProcessBuilder(
                                "sh",
                                "-c",
                                "mkfifo $0; exec 3<>$0;"
                                        + " head -c 65536 /dev/zero >&3; exec \"$@\" "
                                        + descriptor
                                        + ">&3",
                                pipe.toString(),
                                DaemonProcess.launcher().toString(),
                                "serve",
                                "--access-log",
                                "on",
                                "--runtime-dir",
                                sockets.toString())
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        try {
            var api = sockets.resolve("api.sock");
            until(() -> answers(api));
            assertThat(answers(api)).isTrue();
            daemon.destroy();

            assertThat(daemon.waitFor(15, TimeUnit.SECONDS)).isTrue();
            assertThat(daemon.exitValue()).isZero();
        } finally {
            daemon.destroyForcibly();
        }
    }

    private static boolean answers(Path api) {
        try {
            var health = RawClient.exchange(api, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
            return health.status() == 200;
        } catch (IOException e) {
            return false;
        }
    }
}
