package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;

import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.SharedDaemon;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The TCP port for metrics and health, and what is made for those who watch a daemon. */
@ExtendWith(SharedDaemon.class)
class ObservabilityIT {
    private static final Path FILES = Path.of("..", "deploy", "observability").toAbsolutePath();
    private static final Pattern METRIC = Pattern.compile("\\b(?:eventfdd|process)_[a-z_]+");

    /** What a histogram has beside its name, which stands only in comments. */
    private static final Pattern SUFFIX = Pattern.compile("_(bucket|count|sum)$");

    /** Of {@link #observed}. */
    private static int observedPort;

    /** A daemon that can be observed in every way. */
    private static DaemonProcess observed;

    /** A daemon without a setting. */
    private final DaemonProcess plain;

    ObservabilityIT(DaemonProcess plain) {
        this.plain = plain;
    }

    @BeforeAll
    static void start() throws IOException {
        observedPort = freePort();
        observed =
                DaemonProcess.start(
                        "--observability-port",
                        Integer.toString(observedPort),
                        "--metrics-by-name",
                        "on",
                        "--access-log",
                        "on");
    }

    @AfterAll
    static void stop() throws IOException {
        observed.close();
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static DaemonProcess startAt(int port) throws IOException {
        return DaemonProcess.start("--observability-port", Integer.toString(port));
    }

    private static HttpResponse<String> send(int port, String method, String path)
            throws IOException, InterruptedException {
        try (var client = HttpClient.newHttpClient()) {
            return client.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                            .timeout(Duration.ofSeconds(30))
                            .method(method, BodyPublishers.noBody())
                            .build(),
                    BodyHandlers.ofString());
        }
    }

    // The port

    @Test
    void withoutASettingThereIsNoPort() throws Exception {
        assertThat(listeners(plain)).isEmpty();
        assertThat(plain.output()).doesNotContain("metrics");
    }

    @Test
    void withOneItListensOnTheLoopbackAddressAlone() throws Exception {
        int port = freePort();
        try (var daemon = startAt(port)) {
            assertThat(listeners(daemon))
                    .singleElement()
                    .asString()
                    // 127.0.0.1, on an IPv4 socket or on one for both
                    .matches("(0{16}FFFF0000)?0100007F:%04X".formatted(port));
            assertThat(daemon.output())
                    .contains("  metrics   http://127.0.0.1:" + port + "/metrics\n");
            daemon.signal("TERM");
            assertThat(daemon.exitStatus()).isZero();
            assertThat(daemon.log().strip()).matches("\\S+Z INFO Daemon: stopped");
        }
    }

    /** The local addresses that the daemon listens at, as the kernel has them. */
    private static List<String> listeners(DaemonProcess daemon) throws IOException {
        var proc = Path.of("/proc", Long.toString(daemon.process().pid()));
        var own = new TreeSet<String>();
        try (var fds = Files.list(proc.resolve("fd"))) {
            for (var fd : fds.toList()) {
                own.add(Files.readSymbolicLink(fd).toString());
            }
        }
        var found = new ArrayList<String>();
        for (var table : List.of("net/tcp", "net/tcp6")) {
            if (Files.exists(proc.resolve(table))) {
                for (var line : Files.readAllLines(proc.resolve(table))) {
                    var fields = line.strip().split("\\s+", -1);
                    if (fields[3].equals("0A") && own.contains("socket:[" + fields[9] + "]")) {
                        found.add(fields[1]);
                    }
                }
            }
        }
        return found;
    }

    @Test
    void itHasMetricsAndHealth() throws Exception {
        int port = freePort();
        try (var daemon = startAt(port)) {
            daemon.request().put("/v1/eventfds/n").then().statusCode(201);
            var metrics = send(port, "GET", "/metrics");
            assertThat(metrics.statusCode()).isEqualTo(200);
            assertThat(metrics.headers().firstValue("content-type").orElse(""))
                    .startsWith("text/plain; version=0.0.4");
            assertThat(metrics.body()).contains("eventfdd_eventfds 1.0\n");
            for (var path : List.of("/health", "/health/live", "/health/ready")) {
                var health = send(port, "GET", path);
                assertThat(health.statusCode()).as(path).isEqualTo(200);
                assertThat(health.body()).isEqualTo("{\"status\":\"UP\"}");
            }
            Files.move(
                    Files.createFile(daemon.file("other")),
                    daemon.api(),
                    StandardCopyOption.ATOMIC_MOVE);
            var ready = send(port, "GET", "/health/ready");
            assertThat(ready.statusCode()).as("without api.sock").isEqualTo(503);
            assertThat(ready.body()).isEqualTo("{\"status\":\"DOWN\"}");
            assertThat(send(port, "GET", "/health/live").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void itHasNothingElse() throws Exception {
        for (var path : List.of("/", "/v1", "/v1/eventfds", "/openapi", "/metrics/", "/x")) {
            var answer = send(observedPort, "GET", path);
            assertThat(answer.statusCode()).as(path).isEqualTo(404);
            assertThat(answer.headers().firstValue("content-type"))
                    .contains("application/problem+json");
            assertThat(answer.body())
                    .contains("urn:eventfdd:problem:not-found", "there is only /health, ")
                    .doesNotContain("GET /openapi");
        }
        assertThat(send(observedPort, "PUT", "/v1/eventfds/by-port").statusCode()).isEqualTo(404);
        observed.request().get("/v1/eventfds/by-port").then().statusCode(404);
        var post = send(observedPort, "POST", "/metrics");
        assertThat(post.statusCode()).isEqualTo(405);
        assertThat(post.headers().firstValue("allow")).contains("GET, HEAD");
        assertThat(send(observedPort, "GET", "/metrics?name=n").statusCode()).isEqualTo(400);
    }

    @Test
    void clientsThatSayNothingDoNotKeepOthersOut() throws Exception {
        var silent = new ArrayList<Socket>();
        try {
            for (int i = 0; i < 20; i++) {
                silent.add(new Socket(InetAddress.getLoopbackAddress(), observedPort));
            }
            assertThat(send(observedPort, "GET", "/health/live").statusCode()).isEqualTo(200);
            assertThat(observed.process().isAlive()).isTrue();
        } finally {
            for (var socket : silent) {
                socket.close();
            }
        }
    }

    // A port that cannot be

    private record Failure(int status, String message) {}

    private static Failure start(Path directory, List<String> prefix, String... options)
            throws Exception {
        var command = new ArrayList<>(prefix);
        command.addAll(
                List.of(
                        DaemonProcess.launcher().toString(),
                        "serve",
                        "--runtime-dir",
                        directory.resolve("run").toString()));
        command.addAll(List.of(options));
        var output = directory.resolve("output");
        var process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        try {
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("it ends").isTrue();
            return new Failure(process.exitValue(), Files.readString(output).strip());
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void aPortThatIsTakenIsSaidAtTheStart(@TempDir Path directory) throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var port = Integer.toString(taken.getLocalPort());
            var failure = start(directory, List.of(), "--observability-port", port);
            assertThat(failure.status()).isEqualTo(1);
            assertThat(failure.message())
                    .isEqualTo(
                            "eventfdd: observability-port: cannot listen on 127.0.0.1 port "
                                    + port
                                    + ": Address already in use");
            assertThat(directory.resolve("run/api.sock")).doesNotExist();
            assertThat(directory.resolve("run/fd.sock")).doesNotExist();
        }
    }

    @Test
    void anAddressThatTheHostDoesNotHaveIsSaidAtTheStart(@TempDir Path directory) throws Exception {
        var without = List.of("unshare", "--user", "--map-root-user", "--net");
        var trial = new ArrayList<>(without);
        trial.add("true");
        assumeTrue(
                new ProcessBuilder(trial).start().waitFor() == 0,
                "SKIP: this user may not make a network namespace");
        var failure =
                start(
                        directory,
                        without,
                        "--observability-port",
                        "9464",
                        "--observability-address",
                        "::1");
        assertThat(failure.message())
                .startsWith(
                        "eventfdd: observability-port: cannot listen on 0:0:0:0:0:0:0:1 port"
                                + " 9464: ")
                .doesNotContain("\n", "Exception");
        assertThat(failure.status()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::", "192.0.2.1", "localhost"})
    void anAddressThatOthersCouldReachIsRefused(String address, @TempDir Path directory)
            throws Exception {
        var failure =
                start(
                        directory,
                        List.of(),
                        "--observability-port",
                        "9464",
                        "--observability-address",
                        address);
        assertThat(failure)
                .isEqualTo(
                        new Failure(
                                2,
                                "eventfdd: observability-address: '"
                                        + address
                                        + "' is not one of 127.0.0.1, ::1"));
    }

    // What is made for those who watch

    /** The metrics of a daemon in which something has happened. */
    private static String metrics(DaemonProcess daemon) {
        daemon.create("n");
        // A call is counted once its answer is sent.
        until(() -> scrape(daemon).contains("\neventfdd_call_duration_seconds_count{"));
        return scrape(daemon);
    }

    private static String scrape(DaemonProcess daemon) {
        return daemon.request().get("/metrics").then().statusCode(200).extract().asString();
    }

    private static Set<String> series(String metrics) {
        return metrics.lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.split("[{ ]", 2)[0])
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> namesIn(String text) {
        return METRIC.matcher(text)
                .results()
                .map(result -> result.group())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void everySeriesOfTheDashboardAndTheAlertsIsThere() throws Exception {
        var there = series(metrics(plain));
        var dashboard = new ObjectMapper().readTree(FILES.resolve("dashboard.json").toFile());
        var expressions = String.join("\n", dashboard.findValuesAsText("expr", new ArrayList<>()));
        assertThat(namesIn(expressions)).hasSizeGreaterThan(20).isSubsetOf(there);
        var alerts = Files.readString(FILES.resolve("alerts.yaml"));
        assertThat(namesIn(alerts)).hasSizeGreaterThan(10).isSubsetOf(there);
    }

    @Test
    void theReadmeHasEverySeriesAndNoOther() throws Exception {
        var families =
                series(metrics(observed)).stream()
                        .map(name ->
                                name.startsWith("eventfdd_call_")
                                                || name.startsWith("eventfdd_loop_lag_")
                                        ? SUFFIX.matcher(name).replaceFirst("")
                                        : name)
                        .collect(Collectors.toSet());
        var rows =
                Files.readAllLines(FILES.resolve("README.md")).stream()
                        .filter(line -> line.startsWith("| `"))
                        .collect(Collectors.joining("\n"));
        assertThat(namesIn(rows)).isEqualTo(new TreeSet<>(families));
    }

    private static void assumeThereIs(String... command) throws Exception {
        boolean there;
        try {
            there =
                    new ProcessBuilder(command)
                                    .redirectErrorStream(true)
                                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                                    .start()
                                    .waitFor()
                            == 0;
        } catch (IOException e) {
            there = false;
        }
        assumeTrue(there, "SKIP: cannot run " + String.join(" ", command));
    }

    private static String run(String input, String... command) throws Exception {
        var process =
                new ProcessBuilder(command)
                        .directory(FILES.toFile())
                        .redirectErrorStream(true)
                        .start();
        try (var in = process.getOutputStream()) {
            in.write(input.getBytes(StandardCharsets.UTF_8));
        }
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    @Test
    void promtoolHasNothingToSayAgainstTheMetrics() throws Exception {
        assumeThereIs("promtool", "--version");
        assertThat(run(metrics(observed), "promtool", "check", "metrics")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"alerts", "bridge-alerts"})
    void promtoolTakesTheAlertsAndTheyFireWhereTheyShould(String rules) throws Exception {
        assumeThereIs("promtool", "--version");
        run("", "promtool", "check", "rules", rules + ".yaml");
        run("", "promtool", "test", "rules", rules + "-test.yaml");
        var alerts =
                Pattern.compile("alert: (\\w+)")
                        .matcher(Files.readString(FILES.resolve(rules + ".yaml")))
                        .results()
                        .map(result -> result.group(1))
                        .toList();
        assertThat(alerts).isNotEmpty();
        var tests = Files.readString(FILES.resolve(rules + "-test.yaml"));
        for (var alert : alerts) {
            assertThat(tests)
                    .containsPattern("alertname: " + alert + "\\n +eval_time: \\w+\\n +exp_alerts");
        }
    }

    @Test
    void aClientLibrarysParserReadsTheMetrics() throws Exception {
        var python = Files.exists(Path.of("/usr/bin/python3")) ? "/usr/bin/python3" : "python3";
        assumeThereIs(python, "-c", "import prometheus_client");
        var text = metrics(observed);
        var parsed =
                run(
                        text,
                        python,
                        "-c",
                        """
                        import sys
                        from prometheus_client.parser import text_string_to_metric_families
                        for family in text_string_to_metric_families(sys.stdin.read()):
                            assert family.documentation and family.type != "unknown", family
                            for sample in family.samples:
                                print(sample.name)
                        """);
        assertThat(new TreeSet<>(parsed.lines().toList())).isEqualTo(series(text));
    }

    // The log of calls

    @Test
    void theAccessLogHasRequestsOfRawDescriptorsToo() throws Exception {
        try (var client = EventfddClient.connect(observed.directory())) {
            client.open("n", EventfdSpec.counter()).close();
            until(() ->
                    observed.log()
                            .lines()
                            .anyMatch(line ->
                                    line.matches(
                                            "\\S+Z INFO access: open fd.sock uid=\\d+ pid=\\d+"
                                                    + " ok [0-9.]+ms")));
        }
    }
}
