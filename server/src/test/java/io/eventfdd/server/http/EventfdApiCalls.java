package io.eventfdd.server.http;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.matchesPattern;

import io.eventfdd.server.DaemonUnderTest;
import io.eventfdd.server.testing.JsonText;
import io.eventfdd.server.testing.RawClient;
import io.eventfdd.server.testing.UnixRestAssured;
import io.restassured.RestAssured;
import io.restassured.response.Response;
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** How tests make the calls of server/API.md, over the real socket of a daemon in this process. */
abstract class EventfdApiCalls {
    static final String MAX = "18446744073709551614";
    private static final AtomicInteger MADE = new AtomicInteger();

    static DaemonUnderTest daemon;
    private static RequestSpecification http;

    /** Looks at states, often and fast. */
    private static RawClient observer;

    @BeforeAll
    static void start() throws Exception {
        daemon = new DaemonUnderTest(Map.of());
        http = UnixRestAssured.over(daemon.api());
        observer = daemon.connect();
    }

    @AfterAll
    static void stop() throws IOException {
        observer.close();
        daemon.close();
    }

    // How the tests speak

    static String path(String name) {
        return "/v1/eventfds/" + name;
    }

    /** A request on a connection that is kept, for which each answer has to be read. */
    static RequestSpecification request() {
        return RestAssured.given(http)
                .filter((request, response, next) -> {
                    var answer = next.next(request, response);
                    answer.asByteArray();
                    return answer;
                });
    }

    static String state(String name, String field) {
        try {
            var answer = observer.call("GET", path(name), "").answer();
            assertThat(answer.status()).isEqualTo(200);
            return JsonText.parse(answer.body()).get(field).asText();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String count(String name) {
        return state(name, "count");
    }

    static int waiters(String name) {
        return Integer.parseInt(state(name, "waiters"));
    }

    static Response send(String method, String path, String body) {
        var request = request();
        if (!body.isEmpty()) {
            request.contentType("application/json").body(body);
        }
        return request.request(method, path);
    }

    static Response put(String name, String spec) {
        return send("PUT", path(name), spec);
    }

    /** A new eventfd of a name of its own. */
    static String make(String spec) {
        var name = "t" + MADE.incrementAndGet();
        put(name, spec).then().statusCode(201);
        return name;
    }

    static String counter() {
        return make("");
    }

    static String semaphore() {
        return make("{\"semaphore\":true}");
    }

    static Response write(String name, String body) {
        return send("POST", path(name) + "/write", body);
    }

    static void add(String name, String value) {
        write(name, "{\"value\":" + value + "}").then().statusCode(200);
    }

    static Response read(String name, String body) {
        return send("POST", path(name) + "/read", body);
    }

    static Response await(String name, String query) {
        return send("GET", path(name) + "/wait" + query, "");
    }

    static Response awaitMany(String body) {
        return send("POST", "/v1/wait", body);
    }

    static String text(String name, String field, String value) {
        return "{\"name\":\"" + name + "\",\"" + field + "\":" + value + "}";
    }

    static ValidatableResponse assertProblem(Response response, int status, String type) {
        return response.then()
                .statusCode(status)
                .contentType("application/problem+json")
                .body("type", equalTo("urn:eventfdd:problem:" + type))
                .body("status", equalTo(status))
                .body("title", matchesPattern("[A-Z].+"))
                .body("detail", matchesPattern(".+"));
    }

    /** A call that waits: it returns once {@code name} has {@code waiters}. */
    static RawClient waiting(String name, int waiters, String method, String path, String body)
            throws IOException {
        var client = daemon.connect().call(method, path, body);
        until(() -> waiters(name) == waiters);
        return client;
    }

    static RawClient waitingRead(String name, int waiters) throws IOException {
        return waiting(name, waiters, "POST", path(name) + "/read", "{\"timeout\":\"30s\"}");
    }

    static void assertAnswer(RawClient client, int status, String body) throws IOException {
        try (client) {
            var answer = client.answer();
            assertThat(answer.body()).isEqualTo(body);
            assertThat(answer.status()).isEqualTo(status);
        }
    }

    static void assertProblem(RawClient client, int status, String type) throws IOException {
        try (client) {
            var answer = client.answer();
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.header("content-type")).isEqualTo("application/problem+json");
            assertThat(answer.body()).contains("\"urn:eventfdd:problem:" + type + "\"");
        }
    }
}
