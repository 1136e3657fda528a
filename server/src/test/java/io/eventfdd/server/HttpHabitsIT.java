package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.ObjectMapper;

import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.RawClient;
import io.eventfdd.server.testing.RawClient.Answer;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What HTTP clients, proxies and monitors send besides what curl does, on both of the daemon's
 * servers: api.sock and the observability port.
 */
@Timeout(300)
@SuppressWarnings("StringConcatToTextBlock") // lines end in CR LF
class HttpHabitsIT {
    private static DaemonProcess daemon;
    private static int port;

    /** A server of the daemon. */
    enum Server {
        API_SOCK,
        OBSERVABILITY_PORT;

        private RawClient connect() throws IOException {
            return this == API_SOCK ? daemon.connect() : RawClient.connect(port);
        }

        private Answer exchange(String request) throws IOException {
            try (var client = connect()) {
                return client.send(request).answer();
            }
        }
    }

    @BeforeAll
    static void start() throws IOException {
        for (int attempt = 1; ; attempt++) {
            try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                port = free.getLocalPort();
            }
            try {
                daemon = DaemonProcess.start("--observability-port", Integer.toString(port));
                return;
            } catch (AssertionError e) { // somebody else had the port meanwhile
                if (attempt == 5) {
                    throw e;
                }
            }
        }
    }

    @AfterAll
    static void stop() throws IOException {
        daemon.close();
    }

    private static Stream<Arguments> onBoth(Stream<String> cases) {
        return cases.flatMap(
                one -> Stream.of(Server.values()).map(server -> arguments(server, one)));
    }

    // Host

    static Stream<Arguments> hosts() {
        return onBoth(
                Stream.of(
                        "", // Ruby's Excon, Docker's clients, Python's http.client
                        " ",
                        "\t",
                        "/run/eventfdd/api.sock", // Perl's Mojo
                        "%2Frun%2Feventfdd%2Fapi.sock",
                        "[::1]", // axios
                        "[::1",
                        "127.0.0.1:",
                        "localhost:http",
                        "localhost:99999999999",
                        "unix:/run/eventfdd/api.sock",
                        ":",
                        "::1",
                        "a b",
                        "user@localhost",
                        "a_b",
                        "a,b"));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("hosts")
    void anySingleHostIsTaken(Server server, String host) throws IOException {
        assertThat(server.exchange("GET /health HTTP/1.1\r\nHost:" + host + "\r\n\r\n").status())
                .isEqualTo(200);
        assertThat(server.exchange("GET /health HTTP/1.1\r\nhost: " + host + "\r\n\r\n").status())
                .isEqualTo(200);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("brokenHosts")
    void noHostAndTwoAreRefused(Server server, String lines) throws IOException {
        try (var client = server.connect()) {
            var answer = client.send("GET /health HTTP/1.1\r\n" + lines + "\r\n").answer();

            assertThat(answer.status()).isEqualTo(400);
            assertThat(detail(answer)).contains("Host header");
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(client.isAtEnd()).isTrue();
        }
    }

    static Stream<Arguments> brokenHosts() {
        return onBoth(Stream.of("", "Host: a\r\nHost: a\r\n", "Host:\r\nhost:\r\n"));
    }

    private static String detail(Answer answer) throws IOException {
        return new ObjectMapper().readTree(answer.body()).path("detail").asText();
    }

    // Absolute form

    static Stream<Arguments> absoluteForms() {
        return onBoth(
                Stream.of(
                        "http://localhost/health",
                        "HTTP://LOCALHOST/health",
                        "http://localhost:80/health",
                        "http://[::1]:9464/health",
                        "http://user:password@localhost/health",
                        "https://eventfdd.example/health",
                        "http+unix://%2Frun%2Feventfdd%2Fapi.sock/health"));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("absoluteForms")
    void aTargetInAbsoluteFormIsTaken(Server server, String target) throws IOException {
        var answer = server.exchange("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{\"status\":\"UP\"}");
    }

    @Test
    void aCallInAbsoluteFormHasItsNameAndItsQuery() throws IOException {
        var base = "http://localhost/v1/eventfds/";
        var host = " HTTP/1.1\r\nHost: localhost\r\n";
        assertThat(Server.API_SOCK.exchange("PUT " + base + "absolute" + host + "\r\n").status())
                .isEqualTo(201);
        assertThat(
                        Server.API_SOCK
                                .exchange(
                                        "GET " + base + "absolute/wait?timeout=0s" + host + "\r\n")
                                .status())
                .isEqualTo(204);
        assertThat(Server.API_SOCK.exchange("DELETE " + base + "absolute" + host + "\r\n").status())
                .isEqualTo(204);
    }

    static Stream<Arguments> otherTargets() {
        return onBoth(
                Stream.of(
                        "http://localhost", // its path is /
                        "http://localhost/nope",
                        "http://localhost//health",
                        "localhost/health",
                        "localhost:80",
                        "://localhost/health",
                        "mailto:health",
                        "*"));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("otherTargets")
    void nothingElseIsTakenForIt(Server server, String target) throws IOException {
        for (var method : List.of("GET", "OPTIONS", "CONNECT")) {
            var answer =
                    server.exchange(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertThat(answer.status()).as(method).isEqualTo(404);
        }
    }

    // HEAD

    static Stream<Arguments> pages() {
        return Stream.concat(
                onBoth(Stream.of("/health", "/health/live", "/health/ready", "/nope")),
                Stream.of(
                                "/v1",
                                "/v1/eventfds",
                                "/v1/eventfds?limit=1",
                                "/v1/eventfds?limit=none",
                                "/v1/eventfds/nobody",
                                "/v1/eventfds/%00",
                                "/v1/leases",
                                "/v1/leases/nobody",
                                "/openapi")
                        .map(path -> arguments(Server.API_SOCK, path)));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("pages")
    void headHasTheStatusAndTheHeadersOfGet(Server server, String path) throws IOException {
        try (var client = server.connect()) {
            client.call("GET", path, "").call("HEAD", path, "").call("GET", path, "");

            var get = client.answer();
            var head = client.answerToHead();
            assertThat(head.status()).isEqualTo(get.status());
            assertThat(withoutDate(head)).isEqualTo(withoutDate(get));
            assertThat(get.status()).isNotEqualTo(405);
            assertThat(client.answer().body()).isEqualTo(get.body());
        }
    }

    private static Map<String, String> withoutDate(Answer answer) {
        var headers = new TreeMap<>(answer.headers());
        headers.remove("date");
        return headers;
    }

    @ParameterizedTest
    @ValueSource(strings = {"API_SOCK", "OBSERVABILITY_PORT"})
    void headOfTheMetricsHasAllButTheirText(Server server) throws IOException {
        try (var client = server.connect()) {
            client.call("HEAD", "/metrics", "").call("GET", "/health", "");

            var head = client.answerToHead();
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.header("content-type")).startsWith("text/plain; version=0.0.4");
            assertThat(Integer.parseInt(head.header("content-length"))).isPositive();
            assertThat(client.answer().body()).isEqualTo("{\"status\":\"UP\"}");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/eventfds/x/wait, GET",
        "/v1/eventfds/x/watch, GET",
        "/v1/eventfds/x/read, POST",
        "/v1/wait, POST"
    })
    void whatWaitsOrActsHasNoHead(String path, String allow) throws IOException {
        try (var client = daemon.connect()) {
            var head = client.call("HEAD", path, "").answerToHead();

            assertThat(head.status()).isEqualTo(405);
            assertThat(head.header("allow")).isEqualTo(allow);
        }
    }

    @Test
    void allowNamesHeadWhereItIs() throws IOException {
        try (var client = daemon.connect()) {
            assertThat(client.call("PATCH", "/v1", "").answer().header("allow"))
                    .isEqualTo("GET, HEAD");
            assertThat(client.call("PATCH", "/v1/eventfds/x", "").answer().header("allow"))
                    .isEqualTo("DELETE, GET, HEAD, PUT");
        }
    }

    // HTTP/1.0

    static Stream<Arguments> http10() {
        return onBoth(
                Stream.of(
                        "GET /health HTTP/1.0\r\n\r\n", // HAProxy's option httpchk
                        "GET /health HTTP/1.0\r\nHost: x\r\n\r\n", // ab
                        "GET /health HTTP/1.0\r\nHost: x\r\nConnection: close\r\n\r\n", // nginx
                        "GET /health HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", // ab -k
                        "GET http://localhost/health HTTP/1.0\r\n\r\n"));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("http10")
    void http10IsAnsweredAndClosed(Server server, String request) throws IOException {
        try (var client = server.connect()) {
            var answer = client.send(request + request).answer();

            assertThat(answer.status()).as(answer.body()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo("{\"status\":\"UP\"}");
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(answer.header("transfer-encoding")).isEmpty();
            assertThat(client.isAtEnd()).isTrue();
        }
    }

    @Test
    void http10IsAnsweredByteForByteAndAfterAPipelineToo() throws IOException {
        try (var client = daemon.connect()) {
            client.call("GET", "/health", "");
            var request = "HEAD /health HTTP/1.0\r\n\r\n";
            for (int i = 0; i < request.length(); i++) {
                client.send(request.substring(i, i + 1));
            }

            assertThat(client.answer().status()).isEqualTo(200);
            var head = client.answerToHead();
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.header("connection")).isEqualTo("close");
            assertThat(client.isAtEnd()).isTrue();
        }
    }

    @Test
    void everyCallIsThereForHttp10() throws IOException {
        var json = " HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n";
        var name = "/v1/eventfds/old";
        assertThat(api("PUT " + name + " HTTP/1.0\r\n\r\n").status()).isEqualTo(201);
        assertThat(api("POST " + name + "/write" + json + "{\"value\":3}").status()).isEqualTo(200);
        assertThat(api("GET " + name + "/wait HTTP/1.0\r\n\r\n").body()).contains("\"count\":3");
        assertThat(api("POST " + name + "/read HTTP/1.0\r\n\r\n").body()).contains("\"value\":3");
        assertThat(api("POST " + name + "/read HTTP/1.0\r\n\r\n").status()).isEqualTo(204);
        assertThat(api("DELETE " + name + " HTTP/1.0\r\n\r\n").status()).isEqualTo(204);
        assertThat(api("GET " + name + " HTTP/1.0\r\n\r\n").status()).isEqualTo(404);
    }

    @Test
    void nothingIsAskedForOverHttp10() throws IOException {
        api("PUT /v1/eventfds/expected HTTP/1.0\r\n\r\n");
        var answer =
                api(
                        "POST /v1/eventfds/expected/write HTTP/1.0\r\n"
                                + "Content-Type: application/json\r\n"
                                + "Expect: 100-continue\r\n"
                                + "Content-Length: 11\r\n\r\n"
                                + "{\"value\":3}");
        assertThat(answer.status()).as("the first answer is the last one").isEqualTo(200);
        assertThat(answer.body()).contains("\"value\":3");

        var refused =
                api(
                        "POST /v1/eventfds/expected/write HTTP/1.0\r\n"
                                + "Content-Type: text/plain\r\n"
                                + "Expect: 100-continue\r\n"
                                + "Content-Length: 11\r\n\r\n"
                                + "{\"value\":3}");
        assertThat(refused.status()).isEqualTo(415);
        api("DELETE /v1/eventfds/expected HTTP/1.0\r\n\r\n");
    }

    private static Answer api(String request) throws IOException {
        return Server.API_SOCK.exchange(request);
    }

    @Test
    void aWatchOfHttp10HasNoChunks() throws IOException {
        api("PUT /v1/eventfds/watched HTTP/1.0\r\n\r\n");
        try (var client = daemon.connect()) {
            client.send("GET /v1/eventfds/watched/watch HTTP/1.0\r\n\r\n");
            var first = client.answer();
            assertThat(first.header("content-type")).isEqualTo("text/event-stream");
            assertThat(first.header("cache-control")).isEqualTo("no-store");
            assertThat(first.header("transfer-encoding")).isEmpty();
            var event = "event: count\ndata: {\"name\":\"watched\",\"count\":0}\n\n";
            assertThat(client.read(event.length())).isEqualTo(event);
            api("DELETE /v1/eventfds/watched HTTP/1.0\r\n\r\n");

            assertThat(client.readToTheEnd())
                    .startsWith("event: end\ndata: {\"type\":\"urn:eventfdd:problem:gone\"")
                    .endsWith("}\n\n");
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("otherVersions")
    void anotherVersionIsRefusedAndToldWhichThereAre(Server server, String version)
            throws IOException {
        var answer = server.exchange("GET /health " + version + "\r\nHost: x\r\n\r\n");

        assertThat(answer.status()).isEqualTo(505);
        assertThat(detail(answer)).contains("HTTP/1.0 and HTTP/1.1");
    }

    static Stream<Arguments> otherVersions() {
        return onBoth(Stream.of("HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "HTTP/1"));
    }

    // Caches

    static Stream<Arguments> answersOfAllKinds() {
        return Stream.concat(
                onBoth(
                        Stream.of(
                                "GET /health HTTP/1.1\r\nHost: x\r\n\r\n",
                                "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
                                "GET /nope HTTP/1.1\r\nHost: x\r\n\r\n",
                                "BREW /health HTTP/1.1\r\nHost: x\r\n\r\n",
                                "GET /health HTTP/1.0\r\n\r\n",
                                "GET /health HTTP/9.9\r\n\r\n",
                                "GARBAGE\r\n\r\n",
                                "GET /health HTTP/1.1\r\n\r\n")),
                Stream.of(
                                "GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n",
                                "GET /openapi HTTP/1.1\r\nHost: x\r\n\r\n",
                                "PUT /v1/eventfds/cached HTTP/1.1\r\nHost: x\r\n\r\n",
                                "GET /v1/eventfds/cached HTTP/1.1\r\nHost: x\r\n\r\n",
                                "GET /v1/eventfds/cached/wait?timeout=0s HTTP/1.1\r\n"
                                        + "Host: x\r\n\r\n",
                                "POST /v1/eventfds/cached/read HTTP/1.1\r\nHost: x\r\n\r\n",
                                "GET /v1/eventfds/cached/watch HTTP/1.1\r\nHost: x\r\n\r\n",
                                "DELETE /v1/eventfds/cached HTTP/1.1\r\nHost: x\r\n\r\n")
                        .map(request -> arguments(Server.API_SOCK, request)));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("answersOfAllKinds")
    void noAnswerIsForACache(Server server, String request) throws IOException {
        try (var client = server.connect()) {
            assertThat(client.send(request).answerToHead().header("cache-control"))
                    .isEqualTo("no-store");
        }
    }

    // A body without its type

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Type: application/x-www-form-urlencoded\r\n", // curl -d
                "Content-Type: text/plain;charset=UTF-8\r\n", // fetch with a string
                "Content-Type: application/octet-stream\r\n", // Perl's HTTP::Tiny
                "" // Node's http
            })
    void aBodyOfAnotherTypeIsRefusedWithTheCure(String type) throws IOException {
        var answer =
                api(
                        "PUT /v1/eventfds/typed HTTP/1.1\r\nHost: x\r\n"
                                + type
                                + "Content-Length: 2\r\n\r\n{}");

        assertThat(answer.status()).isEqualTo(415);
        assertThat(detail(answer)).contains("Content-Type: application/json", "curl: --json");
    }
}
