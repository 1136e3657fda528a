package io.eventfdd.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;

import io.eventfdd.server.testing.RawClient;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.Stream;

@Timeout(300)
@SuppressWarnings("StringConcatToTextBlock") // lines end in CR LF
class BrokenHttpTest {
    @TempDir private static Path directory;

    private static TestServer server;

    @BeforeAll
    static void start() throws IOException {
        server = TestServer.start(directory);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Arguments broken(String what, int status, String type, String request) {
        return Arguments.of(what, status, type, request);
    }

    static Stream<Arguments> whatIsNotHttp() {
        var host = "Host: x\r\n";
        var post = "POST /v1/eventfds/a/write HTTP/1.1\r\n" + host;
        var json = post + "Content-Type: application/json\r\n";
        return Stream.of(
                broken("garbage", 400, "invalid-request", "GARBAGE\r\n\r\n"),
                broken("only line ends", 400, "invalid-request", "\r\n\r\n"),
                broken("a lone line feed", 400, "invalid-request", "GET /v1 HTTP/1.1\nHost: x\n\n"),
                broken("HTTP/0.9", 400, "invalid-request", "GET /v1\r\n\r\n"),
                broken("HTTP/1.2", 505, "invalid-request", "GET /v1 HTTP/1.2\r\n" + host + "\r\n"),
                broken(
                        "HTTP/1.0 with two Hosts",
                        400,
                        "invalid-request",
                        "GET /v1 HTTP/1.0\r\n" + host + host + "\r\n"),
                broken(
                        "HTTP/1.0 with chunks",
                        400,
                        "invalid-request",
                        "POST /v1/eventfds/a/write HTTP/1.0\r\n"
                                + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                broken("HTTP/9.9", 505, "invalid-request", "GET /v1 HTTP/9.9\r\n" + host + "\r\n"),
                broken(
                        "the preface of HTTP/2",
                        505,
                        "invalid-request",
                        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
                broken("TLS", 400, "invalid-request", "\u0016\u0003\u0001\u0002\r\n\r\n\r\n"),
                broken("no Host", 400, "invalid-request", "GET /v1 HTTP/1.1\r\n\r\n"),
                broken(
                        "two Hosts",
                        400,
                        "invalid-request",
                        "GET /v1 HTTP/1.1\r\n" + host + host + "\r\n"),
                broken(
                        "two empty Hosts",
                        400,
                        "invalid-request",
                        "GET /v1 HTTP/1.1\r\nHost:\r\nhost: \r\n\r\n"),
                broken(
                        "NUL in the Host",
                        400,
                        "invalid-request",
                        "GET /v1 HTTP/1.1\r\nHost: a\0b\r\n\r\n"),
                broken(
                        "a Content-Encoding",
                        400,
                        "invalid-request",
                        json + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"),
                broken(
                        "a line that is no header",
                        400,
                        "invalid-request",
                        "GET /v1 HTTP/1.1\r\n" + host + "what\r\n\r\n"),
                broken(
                        "a header without a name",
                        400,
                        "invalid-request",
                        "GET /v1 HTTP/1.1\r\n" + host + ": 1\r\n\r\n"),
                broken("no method", 400, "invalid-request", " /v1 HTTP/1.1\r\n" + host + "\r\n"),
                broken(
                        "a tab in the method",
                        400,
                        "invalid-request",
                        "G\tET /v1 HTTP/1.1\r\n" + host + "\r\n"),
                broken(
                        "a space before the colon",
                        400,
                        "invalid-request",
                        "GET /v1 HTTP/1.1\r\n" + host + "A : 1\r\n\r\n"),
                broken(
                        "NUL in a header",
                        400,
                        "invalid-request",
                        "GET /v1 HTTP/1.1\r\n" + host + "A: 1\u00002\r\n\r\n"),
                broken(
                        "a long header",
                        431,
                        "invalid-request",
                        "GET /v1 HTTP/1.1\r\nA: " + "x".repeat(100_000) + "\r\n\r\n"),
                broken(
                        "many headers",
                        431,
                        "invalid-request",
                        "GET /v1 HTTP/1.1\r\n" + "A: 1\r\n".repeat(10_000) + "\r\n"),
                broken(
                        "a long path",
                        414,
                        "invalid-request",
                        "GET /" + "x".repeat(100_000) + " HTTP/1.1\r\n" + host + "\r\n"),
                broken(
                        "a fragment",
                        400,
                        "invalid-request",
                        "GET /v1#x HTTP/1.1\r\n" + host + "\r\n"),
                broken(
                        "Content-Length abc",
                        400,
                        "invalid-request",
                        post + "Content-Length: abc\r\n\r\n"),
                broken(
                        "Content-Length -5",
                        400,
                        "invalid-request",
                        post + "Content-Length: -5\r\n\r\n"),
                broken(
                        "Content-Length 2^70",
                        400,
                        "invalid-request",
                        post + "Content-Length: 1180591620717411303424\r\n\r\n"),
                broken(
                        "two Content-Lengths",
                        400,
                        "invalid-request",
                        post + "Content-Length: 0\r\nContent-Length: 2\r\n\r\n{}"),
                broken(
                        "Content-Length and chunks",
                        400,
                        "invalid-request",
                        json
                                + "Content-Length: 2\r\n"
                                + "Transfer-Encoding: chunked\r\n\r\n"
                                + "2\r\n"
                                + "{}\r\n"
                                + "0\r\n\r\n"),
                broken(
                        "a gzip transfer coding",
                        501,
                        "invalid-request",
                        json + "Transfer-Encoding: gzip, chunked\r\n\r\n"),
                broken(
                        "a chunk size that is none",
                        400,
                        "invalid-request",
                        json + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
                broken(
                        "a negative chunk",
                        400,
                        "invalid-request",
                        json + "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n"),
                broken(
                        "a chunk size with a sign",
                        400,
                        "invalid-request",
                        json + "Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n"),
                broken(
                        "no chunk size",
                        400,
                        "invalid-request",
                        json + "Transfer-Encoding: chunked\r\n\r\n\r\n{}\r\n0\r\n\r\n"),
                broken(
                        "a chunk size in other digits",
                        400,
                        "invalid-request",
                        json + "Transfer-Encoding: chunked\r\n\r\n\u0662\r\n{}\r\n0\r\n\r\n"),
                broken(
                        "a chunk without its line end",
                        400,
                        "invalid-request",
                        json + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx0\r\n\r\n"),
                broken(
                        "a chunk that is longer than its size",
                        400,
                        "invalid-request",
                        json + "Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n"),
                broken(
                        "a chunk that is shorter than its size",
                        400,
                        "invalid-request",
                        json + "Transfer-Encoding: chunked\r\n\r\n4\r\n{}\r\n0\r\n\r\n"),
                broken(
                        "a huge chunk",
                        400,
                        "invalid-request",
                        json + "Transfer-Encoding: chunked\r\n\r\nffffffffff\r\n{}\r\n"),
                broken(
                        "a line before a chunk that does not end",
                        400,
                        "invalid-request",
                        json + "Transfer-Encoding: chunked\r\n\r\n" + "0".repeat(100_000)),
                broken(
                        "a chunk extension that does not end",
                        400,
                        "invalid-request",
                        json + "Transfer-Encoding: chunked\r\n\r\n2;" + "x".repeat(100_000)),
                broken(
                        "a trailer field that does not end",
                        400,
                        "invalid-request",
                        json
                                + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: "
                                + "x".repeat(100_000)),
                broken(
                        "a trailer that does not end",
                        400,
                        "invalid-request",
                        json
                                + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
                                + "X: x\r\n".repeat(20_000)),
                broken(
                        "a trailer that is none",
                        400,
                        "invalid-request",
                        json + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX\r\n\r\n"),
                broken(
                        "a body over the limit",
                        413,
                        "too-large",
                        json + "Content-Length: 65537\r\n\r\n" + " ".repeat(65_537)),
                broken(
                        "chunks over the limit",
                        413,
                        "too-large",
                        json
                                + "Transfer-Encoding: chunked\r\n\r\n"
                                + ("4000\r\n" + " ".repeat(0x4000) + "\r\n").repeat(6)
                                + "0\r\n\r\n"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("whatIsNotHttp")
    void whatIsNotHttpIsAProblemAndTheEndOfTheConnection(
            String what, int status, String type, String request) throws IOException {
        try (var client = server.connect()) {
            var answer = client.send(request).answer();
            assertProblem(answer, status, type);
            if (status == 413) {
                assertThat(answer.body()).as("the setting").contains("max-body");
            }
            if (!what.equals("a fragment")) {
                assertThat(answer.header("connection")).isEqualTo("close");
                assertThat(client.isAtEnd()).isTrue();
            }
        }
    }

    static void assertProblem(RawClient.Answer answer, int status, String type) throws IOException {
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(answer.header("content-type")).isEqualTo("application/problem+json");
        var problem = new ObjectMapper().readTree(answer.body());
        assertThat(problem.path("type").asText()).isEqualTo("urn:eventfdd:problem:" + type);
        assertThat(problem.path("status").asInt()).isEqualTo(status);
        assertThat(problem.path("title").asText()).isNotBlank();
        assertThat(problem.path("detail").asText())
                .isNotBlank()
                .doesNotContain("Exception", "Internal", "java.", "helidon", "see server log")
                .hasSizeLessThan(300);
    }

    @Test
    void headersThatAreTooLongAreToldInTheStatusLineToo() throws IOException {
        try (var client = server.connect()) {
            client.send("GET /v1 HTTP/1.1\r\nA: " + "x".repeat(100_000) + "\r\n\r\n");
            var line = "HTTP/1.1 431 Request Header Fields Too Large\r\n";
            assertThat(client.read(line.length())).isEqualTo(line);
        }
    }

    @Test
    void rawBytesInAPathAreNoName() throws IOException {
        var request =
                "GET /v1/eventfds/\u00ff\u00fe HTTP/1.1\r\nHost: x\r\n\r\n"
                        .getBytes(StandardCharsets.ISO_8859_1);

        var answer = RawClient.exchange(server.socket(), request);

        assertThat(answer.status()).isEqualTo(200); // for the endpoint to refuse
        assertThat(answer.body()).contains("\ufffd\ufffd");
    }

    @Test
    void aChunkedBodyOverTheLimitIsFollowedByNoSecondAnswer() throws IOException {
        try (var client = server.connect()) {
            client.send(
                    "POST /v1/eventfds/a/write HTTP/1.1\r\n"
                            + "Host: x\r\n"
                            + "Content-Type: application/json\r\n"
                            + "Transfer-Encoding: chunked\r\n\r\n"
                            + ("8000\r\n" + " ".repeat(0x8000) + "\r\n").repeat(3)
                            + "0\r\n\r\nGET /v1 HTTP/1.1\r\nHost: x\r\n\r\n");

            assertProblem(client.answer(), 413, "too-large");
            assertThat(client.isAtEnd()).isTrue();
        }
    }

    @Test
    void aRequestThatEndsInTheMiddleIsABadOne() throws IOException {
        for (var half :
                new String[] {
                    "GET /v1 HT",
                    "GET /v1 HTTP/1.1\r\nHo",
                    "POST /v1/eventfds/a/write HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{"
                }) {
            try (var client = server.connect()) {
                client.send(half).channel().shutdownOutput();

                assertProblem(client.answer(), 400, "invalid-request");
            }
        }
    }

    @Test
    void anAnswerToALargeBodyCanBeReadThoughTheBodyIsNot() throws IOException {
        var request =
                "POST /v1/eventfds/a/write HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n"
                        + " ".repeat(900_000);
        try (var client = server.connect()) {
            var left = java.nio.ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII));
            while (left.hasRemaining()) {
                client.channel().write(left); // would be EPIPE, were the connection closed at once
            }

            assertProblem(client.answer(), 413, "too-large");
        }
    }
}
