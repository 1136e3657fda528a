package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;

import io.eventfdd.internal.linux.OpenFiles;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.JsonText;
import io.eventfdd.server.testing.RawClient;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** The packaged daemon as a process: how it starts, how it ends, and how much it bears. */
@Timeout(300)
class DaemonIT {
    private static final Duration STOP = Duration.ofSeconds(5);
    private static final int PERMISSIONS = 07777;

    /** For tests that do it no harm; each leaves it without eventfds. */
    private static DaemonProcess served;

    @BeforeAll
    static void start() throws IOException {
        served = DaemonProcess.start();
    }

    @AfterAll
    static void stopWithoutAWordMore() throws Exception {
        try (var daemon = served) {
            daemon.signal("TERM");
            assertThat(daemon.exitStatus()).isZero();
            assertThat(daemon.log().lines())
                    .singleElement()
                    .asString()
                    .endsWith("INFO Daemon: stopped");
        }
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        served.deleteAll();
        assertThat(served.log()).isEmpty();
    }

    // Starting

    @Test
    void itSaysWhereItServesAndWhatToTry() throws Exception {
        assertThat(served.output())
                .contains(served.api().toString(), served.directory() + "/fd.sock");
        needs("curl");
        var line = served.output().lines().filter(it -> it.contains("curl ")).findFirst().get();
        assertThat(served.run("sh", "-c", line)).contains("\"name\":\"orders\"");
    }

    private static void needs(String tool) {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin", tool)), "no /usr/bin/" + tool);
    }

    @Test
    void curlIsServed() throws Exception {
        needs("curl");
        assertThat(curl("/v1/eventfds/c", "-X", "PUT")).startsWith("201 {");
        assertThat(curl("/v1/eventfds/c/write", "--json", "{\"value\":18446744073709551614}"))
                .isEqualTo("200 {\"name\":\"c\",\"value\":18446744073709551614}");
        assertThat(curl("/v1/eventfds/c/write", "-X", "POST")).startsWith("409 {");
        assertThat(curl("/v1/eventfds/c/wait?timeout=0s"))
                .isEqualTo("200 {\"name\":\"c\",\"count\":18446744073709551614}");
        assertThat(curl("/v1/eventfds/c/read", "-X", "POST"))
                .isEqualTo("200 {\"name\":\"c\",\"value\":18446744073709551614}");
        assertThat(curl("/v1/eventfds/c/read", "-X", "POST")).isEqualTo("204 ");
        assertThat(curl("/v1/eventfds/c", "-X", "DELETE")).isEqualTo("204 ");
    }

    /** The status and the body. */
    private static String curl(String path, String... options) throws IOException {
        var command = new ArrayList<>(List.of("curl", "-sS", "-o", "-", "-w", "\\n%{http_code}"));
        command.addAll(List.of("--unix-socket", served.api().toString()));
        command.addAll(List.of(options));
        command.add("http://localhost" + path);
        var output = served.run(command.toArray(String[]::new));
        int status = output.lastIndexOf('\n');
        return output.substring(status + 1) + " " + output.substring(0, status);
    }

    /** Speaks HTTP by Python's own client, and reads its numbers by Python's own JSON. */
    private static final String PYTHON =
            """
            import http.client, json, socket, sys

            class Connection(http.client.HTTPConnection):
                def connect(self):
                    self.sock = socket.socket(socket.AF_UNIX)
                    self.sock.connect(sys.argv[1])

            connection = Connection('localhost')

            def call(method, path, body=None):
                headers = {'Content-Type': 'application/json'} if body is not None else {}
                connection.request(method, path, None if body is None else json.dumps(body), headers)
                answer = connection.getresponse()
                text = answer.read()
                return answer.status, json.loads(text) if text else None

            assert call('PUT', '/v1/eventfds/p', {'semaphore': True})[0] == 201
            for value in (1, 2**53 + 1, 2**63, 2**64 - 2):
                assert call('PUT', '/v1/eventfds/n')[0] == 201
                assert call('POST', '/v1/eventfds/n/write', {'value': value})[0] == 200
                assert call('GET', '/v1/eventfds/n')[1]['count'] == value
                assert call('POST', '/v1/eventfds/n/read') == (200, {'name': 'n', 'value': value})
                assert call('DELETE', '/v1/eventfds/n') == (204, None)
            assert call('POST', '/v1/eventfds/p/write', {'value': 2})[0] == 200
            assert call('POST', '/v1/wait', {'eventfds': ['p'], 'consume': True}) \\
                == (200, {'ready': [{'name': 'p', 'value': 1}]})
            status, problem = call('GET', '/v1/eventfds/nobody')
            assert (status, problem['errno']) == (404, 'ENOENT'), problem
            """;

    @Test
    void pythonIsServed() throws Exception {
        needs("python3");
        served.run("python3", "-c", PYTHON, served.api().toString());
    }

    // Ending

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT"})
    void aSignalEndsAllWaitsAndThenTheDaemon(String signal) throws Exception {
        try (var daemon = DaemonProcess.start()) {
            daemon.request().put("/v1/eventfds/empty").then().statusCode(201);
            daemon.request().put("/v1/eventfds/full").then().statusCode(201);
            var max = "{\"value\":18446744073709551614}";
            call(daemon, "POST", "/v1/eventfds/full/write", max);
            var waits =
                    List.of(
                            begin(daemon, "GET", "/v1/eventfds/empty/wait?timeout=1m", ""),
                            begin(
                                    daemon,
                                    "POST",
                                    "/v1/eventfds/empty/read",
                                    "{\"timeout\":\"1m\"}"),
                            begin(
                                    daemon,
                                    "POST",
                                    "/v1/wait",
                                    "{\"eventfds\":[\"full\",\"empty\"],\"mode\":\"all\"}"),
                            begin(
                                    daemon,
                                    "POST",
                                    "/v1/eventfds/full/write",
                                    "{\"timeout\":\"1m\"}"));
            var watch = begin(daemon, "GET", "/v1/eventfds/full/watch", "");
            readUntil(watch, "\"count\":18446744073709551614}\n\n");
            var idle = daemon.connect().call("GET", "/v1", "");
            assertThat(idle.answer().status()).isEqualTo(200);
            until(() -> waiters(daemon, "empty") == 3 && waiters(daemon, "full") == 2);

            long begun = System.nanoTime();
            daemon.signal(signal);
            for (var wait : waits) {
                var answer = wait.answer();
                assertThat(answer.status()).isEqualTo(503);
                assertThat(answer.header("content-type")).isEqualTo("application/problem+json");
                assertThat(answer.body()).contains("\"urn:eventfdd:problem:shutting-down\"");
                assertThat(wait.isAtEnd()).isTrue();
            }
            readUntil(watch, "event: end\ndata: {\"type\":\"urn:eventfdd:problem:shutting-down\"");
            readUntil(watch, "0\r\n\r\n");
            assertThat(watch.isAtEnd()).isTrue();
            assertThat(idle.isAtEnd()).isTrue();
            assertThat(daemon.exitStatus()).isZero();
            assertThat(System.nanoTime() - begun).isLessThan(STOP.toNanos());
            assertThat(daemon.api()).doesNotExist();
            assertThat(daemon.directory().resolve("fd.sock")).doesNotExist();
            assertThat(daemon.log().lines())
                    .as("no warnings of native access among it")
                    .singleElement()
                    .asString()
                    .endsWith("INFO Daemon: stopped");
        }
    }

    private static RawClient.Answer call(
            DaemonProcess daemon, String method, String path, String body) throws IOException {
        try (var client = begin(daemon, method, path, body)) {
            return client.answer();
        }
    }

    private static RawClient begin(DaemonProcess daemon, String method, String path, String body)
            throws IOException {
        return daemon.connect().call(method, path, body);
    }

    private static void readUntil(RawClient client, String text) throws IOException {
        var seen = new StringBuilder();
        while (seen.indexOf(text) < 0) {
            int next = client.read();
            assertThat(next).as("the end, after " + seen).isNotNegative();
            seen.append((char) next);
        }
    }

    private static JsonNode json(RawClient.Answer answer) {
        return JsonText.parse(answer.body());
    }

    private static int waiters(DaemonProcess daemon, String name) {
        try {
            return json(call(daemon, "GET", "/v1/eventfds/" + name, "")).get("waiters").asInt();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void whatAKilledOneLeftIsClearedAway() throws Exception {
        try (var daemon = DaemonProcess.start()) {
            call(daemon, "PUT", "/v1/eventfds/lost", "");
            daemon.signal("KILL");
            assertThat(daemon.exitStatus()).isNotZero();
            assertThat(daemon.api()).exists();
            assertThat(daemon.directory().resolve("fd.sock")).exists();
            assertThatThrownBy(daemon::connect).isInstanceOf(IOException.class);
            daemon.restart();
            assertThat(call(daemon, "GET", "/v1/eventfds/lost", "").status())
                    .as("its name is known")
                    .isEqualTo(200);
            assertThat(call(daemon, "PUT", "/v1/eventfds/new", "").status()).isEqualTo(201);
        }
    }

    @Test
    void aSecondOneOnALiveDirectoryRefusesAndTheFirstDoesNotNotice() throws Exception {
        try (var kept = begin(served, "PUT", "/v1/eventfds/a", "")) {
            assertThat(kept.answer().status()).isEqualTo(201);
            try (var wait = begin(served, "GET", "/v1/eventfds/a/wait?timeout=1m", "")) {
                until(() -> waiters(served, "a") == 1);
                var sockets = inodes(served);
                var second = end("--runtime-dir", served.directory().toString());
                assertThat(second.status).isNotZero();
                assertThat(second.err)
                        .isEqualTo(
                                "eventfdd: another eventfdd has the runtime directory "
                                        + served.directory()
                                        + "\n");
                assertThat(inodes(served)).isEqualTo(sockets);
                assertThat(kept.call("POST", "/v1/eventfds/a/write", "").answer().status())
                        .isEqualTo(200);
                assertThat(wait.answer().status()).isEqualTo(200);
            }
        }
    }

    private static List<Object> inodes(DaemonProcess daemon) throws IOException {
        return List.of(
                Files.getAttribute(daemon.api(), "unix:ino"),
                Files.getAttribute(daemon.directory().resolve("fd.sock"), "unix:ino"));
    }

    // What it refuses

    private record Ended(int status, String out, String err) {}

    /** A daemon that is expected to end by itself. */
    private static Ended end(String... options) throws Exception {
        return ended(launch("", Map.of(), options));
    }

    private static Ended ended(Process running) throws Exception {
        if (!running.waitFor(30, TimeUnit.SECONDS)) {
            running.destroyForcibly();
        }
        return new Ended(
                running.exitValue(),
                new String(running.getInputStream().readAllBytes(), UTF_8),
                new String(running.getErrorStream().readAllBytes(), UTF_8));
    }

    /** {@code serve} with {@code options}, after {@code prelude}, which is the shell's. */
    private static Process launch(
            String prelude, Map<String, String> environment, String... options) throws IOException {
        var command = new ArrayList<>(List.of("sh", "-c", prelude + " exec \"$0\" serve \"$@\""));
        command.add(DaemonProcess.launcher().toString());
        command.addAll(List.of(options));
        var builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        return builder.start();
    }

    private static void assertRefused(Ended ended, String... words) {
        assertThat(ended.status).isNotZero();
        assertThat(ended.out).isEmpty();
        assertThat(ended.err).contains(words).doesNotContain("\tat ", "Exception", "WARNING");
        assertThat(ended.err.lines().findFirst().orElseThrow()).containsAnyOf(words);
    }

    @Test
    void aDirectoryThatCannotBeIsRefused(@TempDir Path directory) throws Exception {
        var file = Files.createFile(directory.resolve("file"));
        for (var impossible :
                List.of(file.toString(), directory + "/missing/run", "/proc/eventfdd")) {
            assertRefused(end("--runtime-dir", impossible), "eventfdd: ", impossible);
        }
    }

    @Test
    void aDirectoryThatIsNotOursToWriteIsRefused(@TempDir Path directory) throws Exception {
        assumeTrue(OpenFiles.effectiveUser() == 0, "only root can be other users");
        needs("setpriv");
        var other = "setpriv --reuid=12345 --regid=12345 --clear-groups ";
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        var tried =
                new ProcessBuilder("sh", "-c", other + "cat " + DaemonProcess.launcher())
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        assumeTrue(tried.waitFor() == 0, "the distribution is not for other users to read");
        var run = directory.resolve("run").toString();
        var command = List.of("sh", "-c", "exec " + other + "\"$0\" serve --runtime-dir " + run);
        var withLauncher = new ArrayList<>(command);
        withLauncher.add(DaemonProcess.launcher().toString());
        assertRefused(ended(new ProcessBuilder(withLauncher).start()), run, "ermission denied");
    }

    @Test
    void aPathThatIsTooLongForASocketIsRefused(@TempDir Path directory) throws Exception {
        var run = directory.resolve("x".repeat(100)).toString();
        assertRefused(end("--runtime-dir", run), run, "too long");
        assertThat(directory).isEmptyDirectory();
    }

    @ParameterizedTest
    @CsvSource({
        "--max-wiat=1h, --max-wiat",
        "--max-wait=25h, max-wait: 25h is not 1s to 24h",
        "--max-wait=, max-wait: ''",
        "--config=/no/such/file, /no/such/file",
        "surplus, surplus"
    })
    void anOptionThatCannotBeIsRefusedByName(String option, String word, @TempDir Path directory)
            throws Exception {
        var run = directory.resolve("run");
        assertRefused(end("--runtime-dir", run.toString(), option), word);
        assertThat(run).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({"max-wiat: 1h, unknown setting: max-wiat", "'max-wait: [', eventfdd.yaml"})
    void aFileThatCannotBeIsRefusedByName(String yaml, String word, @TempDir Path directory)
            throws Exception {
        var file = Files.writeString(directory.resolve("eventfdd.yaml"), yaml + "\n");
        var run = directory.resolve("run").toString();
        assertRefused(end("--runtime-dir", run, "--config", file.toString()), word);
    }

    @Test
    void aVariableThatCannotBeIsRefusedByName(@TempDir Path directory) throws Exception {
        var run = directory.resolve("run").toString();
        var running = launch("", Map.of("EVENTFDD_MAX_WAIT", "soon"), "--runtime-dir", run);
        assertRefused(ended(running), "EVENTFDD_MAX_WAIT: max-wait: 'soon'");
    }

    /** At 130 there would be next to nothing left; at 72 not even the JDK has what it needs. */
    @ParameterizedTest
    @ValueSource(ints = {130, 72})
    void withFarTooFewDescriptorsItDoesNotStartAndSaysWhy(int files, @TempDir Path directory)
            throws Exception {
        var run = directory.resolve("run").toString();
        var ended = ended(launch("ulimit -n " + files + ";", Map.of(), "--runtime-dir", run));
        assertThat(ended.status).isEqualTo(1);
        assertThat(ended.err)
                .contains("this process may open only " + files + " files, which is too few")
                .contains("raise RLIMIT_NOFILE")
                .doesNotContain("Exception in thread");
    }

    // Permissions

    @Test
    void noPathIsEverWiderThanItShouldBeWhateverTheUmask(@TempDir Path parent) throws Exception {
        var running = new ArrayList<Process>();
        var widest = new TreeMap<String, Integer>();
        try {
            var apis = new ArrayList<Path>();
            for (var umask : List.of("0000", "0022", "0777")) {
                var directory = parent.resolve(umask);
                running.add(
                        launch("umask " + umask + ";", Map.of(), "--runtime-dir", directory + ""));
                apis.add(directory.resolve("api.sock"));
            }
            until(() -> {
                apis.forEach(api -> look(api.getParent(), widest));
                return apis.stream().allMatch(DaemonIT::canConnect)
                        || !running.stream().allMatch(Process::isAlive);
            });
            assertThat(running).allMatch(Process::isAlive);
            apis.forEach(api -> look(api.getParent(), widest));
            for (var umask : List.of("0000", "0022", "0777")) {
                assertThat(widest)
                        .containsEntry(umask, 0750)
                        .containsEntry(umask + "/api.sock", 0660)
                        .containsEntry(umask + "/fd.sock", 0660);
            }
        } finally {
            running.forEach(Process::destroy);
            for (var each : running) {
                assertThat(each.waitFor(15, TimeUnit.SECONDS)).isTrue();
            }
        }
    }

    /** Adds the permission bits that each path has now to those that it ever had. */
    private static void look(Path directory, Map<String, Integer> widest) {
        for (var path :
                List.of(directory, directory.resolve("api.sock"), directory.resolve("fd.sock"))) {
            try {
                int mode =
                        (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS)
                                & PERMISSIONS;
                widest.merge(
                        directory.getParent().relativize(path).toString(), mode, (a, b) -> a | b);
            } catch (NoSuchFileException notYet) {
                assertThat(notYet.getFile()).startsWith(directory.toString());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static boolean canConnect(Path socket) {
        try (var client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return client.connect(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            return false;
        }
    }

    // How much it bears

    @Test
    void twoThousandWaitAtOnceAndAllAreWoken() throws Exception {
        int crowd = 2000;
        call(served, "PUT", "/v1/eventfds/crowd", "");
        var request =
                "GET /v1/eventfds/crowd/wait?timeout=1m HTTP/1.1\r\nHost: x\r\n\r\n"
                        .getBytes(UTF_8);
        var clients = new ArrayList<SocketChannel>();
        try {
            for (int i = 0; i < crowd; i++) {
                var client = SocketChannel.open(UnixDomainSocketAddress.of(served.api()));
                clients.add(client);
                client.write(ByteBuffer.wrap(request));
            }
            until(() -> waiters(served, "crowd") == crowd);
            call(served, "POST", "/v1/eventfds/crowd/write", "");
            for (var client : clients) {
                var answer = ByteBuffer.allocate(4096);
                assertThat(client.read(answer)).isPositive();
                assertThat(new String(answer.array(), 0, answer.position(), UTF_8))
                        .startsWith("HTTP/1.1 200 ");
            }
            assertThat(waiters(served, "crowd")).isZero();
        } finally {
            for (var client : clients) {
                client.close();
            }
        }
        until(() -> metric(served, "eventfdd_connections") == 1);
        assertThat(served.log()).isEmpty();
    }

    @Test
    void tenThousandEventfdsAreMadeListedAndDeleted() throws Exception {
        int many = 10_000;
        try (var daemon = DaemonProcess.start();
                var client = begin(daemon, "GET", "/v1", "")) {
            assertThat(client.answer().status()).isEqualTo(200);
            long before = openEventfds(daemon);
            callEach(client, "PUT", many, 201);
            assertThat(openEventfds(daemon)).isEqualTo(before + many);
            client.call("PUT", "/v1/eventfds/one-more", "");
            var refusal = client.answer();
            assertThat(refusal.status()).isEqualTo(429);
            assertThat(refusal.body()).contains("max-eventfds");

            int listed = 0;
            for (var after = ""; after != null; ) {
                client.call("GET", "/v1/eventfds" + after, "");
                var page = json(client.answer());
                for (var eventfd : page.get("eventfds")) {
                    assertThat("/v1/eventfds/" + eventfd.get("name").asText())
                            .isEqualTo(path(listed++));
                }
                after = page.has("next") ? "?after=" + page.get("next").asText() : null;
            }
            assertThat(listed).isEqualTo(many);

            callEach(client, "DELETE", many, 204);
            assertThat(openEventfds(daemon)).isEqualTo(before);
        }
    }

    /** Makes a call on each of {@code many} paths, and does not wait for each answer. */
    private static void callEach(RawClient client, String method, int many, int status)
            throws IOException {
        for (int begin = 0; begin < many; begin += 100) {
            for (int i = begin; i < begin + 100; i++) {
                client.call(method, path(i), "");
            }
            for (int i = begin; i < begin + 100; i++) {
                assertThat(client.answer().status()).as(path(i)).isEqualTo(status);
            }
        }
    }

    /** How many descriptors of {@code daemon} are eventfds; its sockets come and go. */
    private static long openEventfds(DaemonProcess daemon) throws IOException {
        try (var links = Files.list(Path.of("/proc/" + daemon.process().pid() + "/fd"))) {
            return links.filter(DaemonIT::isEventfd).count();
        }
    }

    private static boolean isEventfd(Path link) {
        try {
            return Files.readSymbolicLink(link).toString().contains("[eventfd]");
        } catch (IOException closedMeanwhile) {
            return false;
        }
    }

    private static String path(int number) {
        return "/v1/eventfds/n%05d".formatted(number);
    }

    @Test
    void theLoopSleepsThoughAThousandCountsStandUnread() throws Exception {
        try (var client = served.connect()) {
            for (int i = 0; i < 1000; i++) {
                client.call("PUT", "/v1/eventfds/unread-" + i, "{\"initial\":1}");
                assertThat(client.answer().status()).isEqualTo(201);
            }
            client.call("PUT", "/v1/eventfds/empty", "").answer();
            try (var all =
                    begin(
                            served,
                            "POST",
                            "/v1/wait",
                            "{\"mode\":\"all\",\"timeout\":\"1m\",\"eventfds\":"
                                    + "[\"unread-0\",\"empty\"]}")) {
                until(() -> waiters(served, "empty") == 1);
                long before = metric(served, "eventfdd_loop_turns_total");
                client.call("GET", "/v1/eventfds/empty/wait?timeout=2s", "");
                assertThat(client.answer().status()).isEqualTo(204);
                assertThat(metric(served, "eventfdd_loop_turns_total") - before)
                        .as("turns in two seconds")
                        .isLessThan(40);
                assertThat(client.call("POST", "/v1/eventfds/empty/write", "").answer().status())
                        .isEqualTo(200);
                assertThat(all.answer().status()).isEqualTo(200);
            }
        }
    }

    private static long metric(DaemonProcess daemon, String name) {
        try {
            return call(daemon, "GET", "/metrics", "")
                    .body()
                    .lines()
                    .filter(line -> line.startsWith(name + " "))
                    .map(line -> Double.parseDouble(line.substring(name.length() + 1)))
                    .findFirst()
                    .orElseThrow()
                    .longValue();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
