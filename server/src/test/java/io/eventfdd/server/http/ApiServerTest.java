package io.eventfdd.server.http;

import static io.eventfdd.server.http.BrokenHttpTest.assertProblem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import io.eventfdd.server.http.transport.ConnectionEnd;
import io.eventfdd.server.testing.RawClient;
import io.restassured.RestAssured;
import io.restassured.specification.RequestSpecification;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

@Timeout(300)
@SuppressWarnings("StringConcatToTextBlock") // a request's lines end in CR LF
class ApiServerTest {
    @TempDir private Path directory;

    private TestServer server;

    @BeforeEach
    void start() throws IOException {
        server = TestServer.start(directory);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private RequestSpecification given() {
        return RestAssured.given(server.http());
    }

    @Test
    void anEndpointAnswersWithJson() {
        given().get("/v1")
                .then()
                .statusCode(200)
                .contentType(equalTo("application/json"))
                .body("version", equalTo("test"));
    }

    @Test
    void theCallerIsKnown() throws IOException {
        int uid = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");

        given().get("/v1/eventfds/a").then().statusCode(200).body("uid", equalTo(uid));
    }

    @Test
    void anAnswerWithoutContentHasNoLengthAndTheConnectionGoesOn() throws IOException {
        try (var client = server.connect()) {
            client.call("DELETE", "/v1/eventfds/a", "").call("GET", "/last", "");

            var answer = client.answer();
            assertThat(answer.status()).isEqualTo(204);
            assertThat(answer.headers()).containsOnlyKeys("date", "cache-control");
            var last = client.answer();
            assertThat(last.status()).isEqualTo(204);
            assertThat(last.headers()).containsOnlyKeys("date", "cache-control", "connection");
            assertThat(client.readToTheEnd()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "a, a",
        "%61, a",
        "a;b, a;b",
        "a~b, a~b",
        ".hidden, .hidden",
        "a%2Fb, a/b",
        "%2e%2e, ..",
        "'..', '..'",
        "a+b, a+b",
        "a%20b, a b",
        "a@b:c$d, a@b:c$d",
        "%C3%A9, é"
    })
    void aNameIsWhatTheSegmentSays(String segment, String name) throws IOException {
        var answer =
                server.exchange("GET /v1/eventfds/" + segment + " HTTP/1.1\r\nHost: x\r\n\r\n");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).contains("\"name\":\"" + name + "\"");
    }

    @Test
    void aNameMayBeLong() throws IOException {
        var answer =
                server.exchange(
                        "GET /v1/eventfds/" + "x".repeat(5000) + " HTTP/1.1\r\nHost: x\r\n\r\n");

        assertThat(answer.status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"%ff", "%zz", "a%", "a%c3", "%"})
    void aNameThatCannotBeDecodedIsNone(String segment) throws IOException {
        assertProblem(
                server.exchange("GET /v1/eventfds/" + segment + " HTTP/1.1\r\nHost: x\r\n\r\n"),
                400,
                "invalid-name");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/nope",
                "/v1/",
                "/v2",
                "/V1",
                "/v1x",
                "/v1/eventfds/",
                "/v1/eventfds//",
                "/v1/eventfds/x/",
                "/v1/eventfds/x/nope",
                "/v1/eventfds/x/write/more",
                "/v1/eventfds//write",
                "/v1/../v1",
                "/v1/./eventfds/x",
                "//v1",
                "*",
                "/v1;a",
                "/v%31"
            })
    void anUnknownPathIsNotFoundByAnyMethod(String path) throws IOException {
        for (var method : List.of("GET", "POST", "OPTIONS", "BREW")) {
            assertProblem(
                    server.exchange(method + " " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"),
                    404,
                    "not-found");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "PATCH, /v1, 'GET, HEAD'",
        "OPTIONS, /v1, 'GET, HEAD'",
        "BREW, /v1, 'GET, HEAD'",
        "POST, /v1/eventfds/a, 'DELETE, GET, HEAD, PUT'",
        "GET, /v1/eventfds/a/write, POST"
    })
    void anotherMethodIsNotAllowedAndTheAnswerSaysWhichAre(
            String method, String path, String allow) {
        given().request(method, path)
                .then()
                .statusCode(405)
                .header("Allow", allow)
                .contentType("application/problem+json")
                .body("type", equalTo("urn:eventfdd:problem:method-not-allowed"));
    }

    @ParameterizedTest
    @CsvSource({
        "get, /v1, 'GET, HEAD'",
        "Get, /v1, 'GET, HEAD'",
        "GEt, /v1, 'GET, HEAD'",
        "head, /v1, 'GET, HEAD'",
        "post, /v1/eventfds/a/write, POST",
        "delete, /v1/eventfds/a, 'DELETE, GET, HEAD, PUT'"
    })
    void aMethodInSmallLettersIsAnotherMethod(String method, String path, String allow)
            throws IOException {
        for (var split : List.of(0, 1, method.length() + 1)) {
            try (var client = server.connect()) {
                client.call("GET", "/v1", "");
                assertThat(client.answer().status()).isEqualTo(200);
                var request = method + " " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
                client.send(request.substring(0, split)).send(request.substring(split));
                var answer = client.answerToHead();
                assertThat(answer.status()).isEqualTo(405);
                assertThat(answer.header("allow")).isEqualTo(allow);
            }
        }
    }

    @Test
    void theAnswerToHeadHasNoBody() throws IOException {
        try (var client = server.connect()) {
            for (var path : List.of("/v1", "/nope", "/bug", "/v1/eventfds/a/write")) {
                client.call("HEAD", path, "").call("GET", path, "");

                var head = client.answerToHead();
                var get = client.answer();
                assertThat(head.status()).as(path).isEqualTo(get.status());
                assertThat(head.header("content-length")).isEqualTo(get.header("content-length"));
                assertThat(head.header("content-type")).isEqualTo(get.header("content-type"));
            }
        }
    }

    @Test
    void aConnectionIsKeptOverCallsAndProblems() throws IOException {
        try (var client = server.connect()) {
            assertThat(client.call("GET", "/v1", "").answer().status()).isEqualTo(200);
            assertThat(client.call("GET", "/nope", "").answer().status()).isEqualTo(404);
            assertThat(client.call("PATCH", "/v1", "{}").answer().status()).isEqualTo(405);
            assertThat(client.call("GET", "/bug", "").answer().status()).isEqualTo(500);
            assertThat(client.call("GET", "/v1", "").answer().status()).isEqualTo(200);
        }
    }

    @Test
    void pipelinedCallsAreAnsweredInOrder() throws IOException {
        try (var client = server.connect()) {
            for (int length = 2; length <= 50; length++) {
                client.call("POST", "/v1/eventfds/a/write", " ".repeat(length));
            }
            for (int length = 2; length <= 50; length++) {
                assertThat(client.answer().body()).isEqualTo("{\"length\":" + length + "}");
            }
        }
    }

    @Test
    void aRequestMayComeInPieces() throws IOException {
        try (var client = server.connect()) {
            var request =
                    "POST /v1/eventfds/a/write HTTP/1.1\r\n"
                            + "Host: x\r\n"
                            + "Content-Type: application/json\r\n"
                            + "Content-Length: 2\r\n\r\n"
                            + "{}";
            for (int i = 0; i < request.length(); i++) {
                client.send(request.substring(i, i + 1));
            }

            assertThat(client.answer().body()).isEqualTo("{\"length\":2}");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json",
                "APPLICATION/JSON",
                "application/json; charset=utf-8",
                "application/json;charset=UTF-8"
            })
    void aBodyOfJsonIsRead(String type) {
        given().header("Content-Type", type)
                .body("{}".getBytes(java.nio.charset.StandardCharsets.UTF_8))
                .post("/v1/eventfds/a/write")
                .then()
                .statusCode(200)
                .body("length", equalTo(2));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "application/x-www-form-urlencoded",
                "application/jsonx",
                "garbage",
                "",
                ";",
                "application/json, text/plain"
            })
    void aBodyOfAnythingElseIsNotAndTheConnectionIsKept(String type) throws IOException {
        try (var client = server.connect()) {
            client.send(
                    "POST /v1/eventfds/a/write HTTP/1.1\r\nHost: x\r\nContent-Type: "
                            + type
                            + "\r\nContent-Length: 2\r\n\r\n{}");

            assertProblem(client.answer(), 415, "unsupported-media-type");
            assertThat(client.call("GET", "/v1", "").answer().status()).isEqualTo(200);
        }
    }

    @Test
    void anEmptyBodyIsNoBody() throws IOException {
        try (var client = server.connect()) {
            assertThat(client.call("POST", "/v1/eventfds/a/write", "").answer().body())
                    .isEqualTo("{\"length\":0}");
            client.send("POST /v1/eventfds/a/write HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(client.answer().body()).isEqualTo("{\"length\":0}");
            client.send(
                    "POST /v1/eventfds/a/write HTTP/1.1\r\n"
                            + "Host: x\r\n"
                            + "Transfer-Encoding: chunked\r\n\r\n"
                            + "0\r\n\r\n");
            assertThat(client.answer().body()).isEqualTo("{\"length\":0}");
        }
    }

    @Test
    void aBodyMayBeAsLongAsTheLimit() {
        given().contentType("application/json")
                .body(" ".repeat(65_536))
                .post("/v1/eventfds/a/write")
                .then()
                .statusCode(200)
                .body("length", equalTo(65_536));
    }

    @Test
    void aBodyInChunksIsRead() throws IOException {
        var answer =
                server.exchange(
                        "POST /v1/eventfds/a/write HTTP/1.1\r\n"
                                + "Host: x\r\n"
                                + "Content-Type: application/json\r\n"
                                + "Transfer-Encoding: chunked\r\n\r\n"
                                + "8\r\n"
                                + "{\"value\"\r\n"
                                + "4\r\n"
                                + ": 3}\r\n"
                                + "0\r\n\r\n");

        assertThat(answer.body()).isEqualTo("{\"length\":12}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "C;name=value\r\n{\"value\": 3}\r\n0;last\r\n\r\n",
                "c ; quoted=\"a;b\"\r\n{\"value\": 3}\r\n000\r\n\r\n",
                "8\r\n{\"value\"\r\n4;x\r\n: 3}\r\n0\r\nDigest: 0\r\n\r\n",
                "C\r\n{\"value\": 3}\r\n0;x\r\nA: b\r\nC:\r\n\r\n"
            })
    void extensionsAndTrailerFieldsOfChunksAreLeftOut(String chunks) throws IOException {
        for (var path : List.of("/v1/eventfds/a/write", "/nowhere")) { // whether it is read or not
            var request =
                    "POST "
                            + path
                            + " HTTP/1.1\r\n"
                            + "Host: x\r\n"
                            + "Content-Type: application/json\r\n"
                            + "Transfer-Encoding: chunked\r\n\r\n"
                            + chunks;
            try (var client = server.connect()) {
                client.send(request).call("GET", "/v1", "");
                assertThat(client.answer().body())
                        .contains(path.equals("/nowhere") ? "not-found" : "\"length\":12");
                assertThat(client.answer().body()).contains("version");

                for (int i = 0; i < request.length(); i++) { // however its bytes come
                    client.send(request.substring(i, i + 1));
                }
                assertThat(client.call("GET", "/v1", "").answer().status()).isIn(200, 404);
                assertThat(client.answer().body()).contains("version");
            }
        }
    }

    @Test
    void aBodyThatNobodyReadsIsReadOver() throws IOException {
        try (var client = server.connect()) {
            client.call("PUT", "/v1/eventfds/a", " ".repeat(50_000)).call("GET", "/v1", "");

            assertThat(client.answer().body()).contains("\"name\":\"a\"");
            assertThat(client.answer().body()).contains("version");
        }
    }

    @Test
    void aBodyThatWaitsToBeAskedForIsAskedFor() throws IOException {
        try (var client = server.connect()) {
            client.send(
                    "POST /v1/eventfds/a/write HTTP/1.1\r\n"
                            + "Host: x\r\n"
                            + "Content-Type: application/json\r\n"
                            + "Expect: 100-continue\r\n"
                            + "Content-Length: 2\r\n\r\n");
            assertThat(client.answer().status()).isEqualTo(100);
            assertThat(client.send("{}").answer().body()).isEqualTo("{\"length\":2}");
        }
    }

    @ParameterizedTest
    @CsvSource({"POST, /v1/nothing, 404", "PATCH, /v1/eventfds/a, 405", "GET, /v1, 200"})
    void anAnswerThatDoesNotWaitForTheBodyIsTheLastOne(String method, String path, int status)
            throws IOException {
        try (var client = server.connect()) {
            client.send(
                    method
                            + ' '
                            + path
                            + " HTTP/1.1\r\n"
                            + "Host: x\r\n"
                            + "Content-Type: application/json\r\n"
                            + "Expect: 100-continue\r\n"
                            + "Content-Length: 2\r\n\r\n");
            var answer = client.answer();
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(client.readToTheEnd()).isEmpty();
        }
    }

    @Test
    void queryParametersNobodyAsksForAreNamed() {
        given().get("/v1/eventfds/a?timeout=1s&tiemout=5s")
                .then()
                .statusCode(400)
                .body("type", equalTo("urn:eventfdd:problem:invalid-request"))
                .body("detail", containsString("tiemout"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"timeout=1s&timeout=2s", "timeout=%zz", "timeout=%ff", "%00=1"})
    void aQueryThatIsNoneIsRefused(String query) throws IOException {
        assertProblem(
                server.exchange("GET /v1/eventfds/a?" + query + " HTTP/1.1\r\nHost: x\r\n\r\n"),
                400,
                "invalid-request");
    }

    @Test
    void aBugIsAnsweredWithoutItsDetails() throws IOException {
        var answer = server.exchange("GET /bug HTTP/1.1\r\nHost: x\r\n\r\n");

        assertProblem(answer, 500, "internal");
        assertThat(answer.body()).doesNotContain("secret");
    }

    @Test
    void anEndpointThatSaysNothingIsABug() throws IOException {
        assertProblem(server.exchange("GET /silent HTTP/1.1\r\nHost: x\r\n\r\n"), 500, "internal");
    }

    @Test
    void aBugInTheMiddleOfAnAnswerEndsTheConnection() throws IOException {
        try (var client = server.connect()) {
            client.call("GET", "/late-bug", "");
            int length = 0;
            while (!client.isAtEnd()) {
                length++;
            }

            assertThat(length).isGreaterThan(100_000).isLessThan(101_000);
        }
    }

    @Test
    void connectionCloseIsObeyedInTheRequest() throws Exception {
        try (var client = server.connect()) {
            client.send(
                    "GET /v1 HTTP/1.1\r\n"
                            + "Host: x\r\n"
                            + "Connection: close\r\n\r\n"
                            + "GET /v1 HTTP/1.1\r\n"
                            + "Host: x\r\n\r\n");

            assertThat(client.answer().header("connection")).isEqualTo("close");
            assertThat(client.isAtEnd()).isTrue();
        }
        assertThat(server.nextEnded().how()).isEqualTo(ConnectionEnd.CLOSED_BY_US);
    }

    @Test
    void connectionCloseIsObeyedInTheAnswer() throws IOException {
        try (var client = server.connect()) {
            assertThat(client.call("GET", "/last", "").answer().header("connection"))
                    .isEqualTo("close");
            assertThat(client.isAtEnd()).isTrue();
        }
    }

    @Test
    void aStreamIsSentAsItIsFlushedAndEndsWithItsAnswer() throws IOException {
        try (var client = server.connect()) {
            client.send("GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            var all = new StringBuilder();
            for (int b = client.read(); b >= 0; b = client.read()) {
                all.append((char) b);
            }

            assertThat(all)
                    .contains("Content-Type: text/event-stream")
                    .endsWith("\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n");
        }
    }

    @Test
    void theSocketHasItsModeAndNothingElseIsLeft() throws IOException {
        assertThat(Files.getPosixFilePermissions(server.socket()))
                .isEqualTo(PosixFilePermissions.fromString("rw-rw----"));
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(server.socket());
        }
    }

    @Test
    void stoppingTakesTheSocketAway() {
        server.close();

        assertThat(server.socket()).doesNotExist();
        assertThat(server.server().isRunning()).isFalse();
        server.close();
    }

    @Test
    void startingLeavesTheSocketOfAnotherThatServes() throws IOException {
        assertThatIOException()
                .isThrownBy(() -> TestServer.start(directory))
                .withMessage("another process listens on " + server.socket());
        assertThat(server.exchange("GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n").status()).isEqualTo(200);
    }

    @Test
    void stoppingLeavesASuccessorsSocket() throws IOException {
        Files.delete(server.socket());
        try (var successor = TestServer.start(directory)) {
            server.close();

            assertThat(successor.socket()).exists();
            assertThat(successor.exchange("GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n").status())
                    .isEqualTo(200);
        }
        assertThat(server.socket()).doesNotExist();
    }

    @Test
    void startSaysWhatCannotBeDoneAndLeavesNothing() throws IOException {
        var file = directory.resolve("sub");
        Files.createDirectory(file);
        Files.createFile(file.resolve("api.sock"));

        assertThatIOException()
                .isThrownBy(() -> TestServer.start(file))
                .withMessageContaining(file + "/api.sock")
                .withMessageContaining("not a socket");
        try (var files = Files.list(file)) {
            assertThat(files).containsExactly(file.resolve("api.sock"));
        }
        assertThatIOException()
                .isThrownBy(() -> TestServer.start(directory.resolve("not/there")))
                .withMessageContaining("not/there");
        assertThatIOException()
                .isThrownBy(() -> TestServer.start(directory.resolve("x".repeat(100))))
                .withMessageContaining("too long");
    }

    @Test
    void aCallThatBeginsWhileStoppingIsToldSo() throws IOException {
        try (var client = server.connect()) {
            assertThat(client.call("GET", "/v1", "").answer().status()).isEqualTo(200);
            server.server().refuseCalls();

            assertProblem(client.call("GET", "/v1", "").answer(), 503, "shutting-down");
            assertThat(client.isAtEnd()).isTrue();
        }
    }

    @Test
    void stoppingWaitsForTheAnswersThatAreDue() throws Exception {
        try (var client = server.connect();
                var idle = server.connect()) {
            server.nextBegun();
            server.nextBegun();
            client.call("GET", "/wait", "");
            server.awaitWaiting();
            var stop = Thread.ofVirtual().start(() -> server.server().stop(Duration.ofSeconds(20)));
            assertThat(idle.isAtEnd()).isTrue();
            server.release();

            var answer = client.answer();
            assertThat(answer.status()).isEqualTo(204);
            assertThat(answer.header("connection")).isEqualTo("close");
            stop.join();
            assertThat(client.isAtEnd()).isTrue();
            assertThat(server.nextEnded().open()).isTrue();
            assertThat(server.nextEnded().open()).isTrue();
        }
    }

    @Test
    void stoppingDoesNotWaitForEver() throws Exception {
        try (var client = server.connect()) {
            client.call("GET", "/wait", "");
            server.awaitWaiting();
            server.server().stop(Duration.ofMillis(10));

            assertThat(client.isAtEnd()).isTrue();
            assertThat(server.nextEnded().open()).isTrue();
        }
    }

    @Test
    void stoppingAmidNewClientsTurnsNobodyAwayAtTheDoor() throws Exception {
        var complaints = new ConcurrentLinkedQueue<String>();
        var helidon = Logger.getLogger("io.helidon.webserver.ServerListener");
        var handler = new Complaints(complaints);
        helidon.addHandler(handler);
        var running = new AtomicBoolean(true);
        try (var clients = Executors.newCachedThreadPool()) {
            for (int i = 0; i < 4; i++) {
                clients.execute(() -> connectWhile(running));
            }
            try {
                for (int round = 0; round < 50; round++) {
                    server.nextBegun();
                    server.close();
                    server = TestServer.start(directory);
                }
            } finally {
                running.set(false);
            }
        } finally {
            helidon.removeHandler(handler);
        }
        assertThat(complaints).isEmpty();
    }

    private void connectWhile(AtomicBoolean running) {
        while (running.get()) {
            try (var client = RawClient.connect(directory.resolve("api.sock"))) {
                client.call("GET", "/v1", "").answer();
            } catch (IOException e) {
                // none serves just now
            }
        }
    }

    /** Takes what is logged. */
    private static final class Complaints extends Handler {
        private final Queue<String> messages;

        Complaints(Queue<String> messages) {
            this.messages = messages;
        }

        @Override
        public void publish(LogRecord entry) {
            messages.add(entry.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    @Test
    void otherListenersAreTheJdks() throws IOException {
        try (var tcp = new ServerSocket(0)) {
            assertThat(tcp.getLocalPort()).isPositive();
        }
    }
}
