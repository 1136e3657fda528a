package io.eventfdd.server.http;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.emptyString;

import io.eventfdd.server.testing.RawClient;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;

/** The calls of server/API.md that wait: for how long, on how many, and until what. */
@Timeout(300)
class WaitApiTest extends EventfdApiCalls {
    // wait

    @Test
    void aWaitTakesNothing() {
        var name = make("{\"initial\":5,\"semaphore\":true}");
        assertThat(await(name, "").asString()).isEqualTo(text(name, "count", "5"));
        assertThat(await(name, "?timeout=0s").asString()).isEqualTo(text(name, "count", "5"));
        assertThat(count(name)).isEqualTo("5");
    }

    @Test
    void aWaitIsWokenByAWrite() throws IOException {
        var name = counter();
        var wait = waiting(name, 1, "GET", path(name) + "/wait?timeout=30s", "");
        add(name, "2");
        assertAnswer(wait, 200, text(name, "count", "2"));
        assertThat(waiters(name)).isZero();
    }

    // Durations

    @ParameterizedTest
    @ValueSource(longs = {1, 20, 100})
    void aTimeoutIsNeverEarly(long millis) {
        var name = counter();
        add(name, "1");
        var empty = counter();
        var full = counter();
        add(full, MAX);
        var body = "{\"timeout\":\"" + millis + "ms\"}";
        var calls =
                List.<Runnable>of(
                        () -> read(empty, body).then().statusCode(204),
                        () ->
                                await(empty, "?timeout=" + millis + "ms")
                                        .then()
                                        .statusCode(204)
                                        .body(emptyString()),
                        () ->
                                awaitMany(
                                                "{\"mode\":\"all\",\"eventfds\":[\""
                                                        + name
                                                        + "\",\""
                                                        + empty
                                                        + "\"],"
                                                        + body.substring(1))
                                        .then()
                                        .statusCode(204)
                                        .body(emptyString()),
                        () -> write(full, body).then().statusCode(409));
        for (var call : calls) {
            long begun = System.nanoTime();
            call.run();
            assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(millis * 1_000_000);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "5, invalid-request",
        "-1s, invalid-request",
        "1.5s, invalid-request",
        "1d, invalid-request",
        "s, invalid-request",
        "'', invalid-request",
        "61m, invalid-value",
        "3601s, invalid-value",
        "99999999999999999s, invalid-value"
    })
    void aDurationThatIsNoneOrTooLongIsRefused(String timeout, String problem) {
        var name = make("{\"initial\":1}");
        var field = "{\"timeout\":\"" + timeout + "\"";
        var names = "[{\"name\":\"" + name + "\"}]";
        assertProblem(await(name, "?timeout=" + timeout), 400, problem);
        assertProblem(read(name, field + "}"), 400, problem);
        assertProblem(write(name, field + "}"), 400, problem);
        assertProblem(awaitMany(field + ",\"eventfds\":[\"" + name + "\"]}"), 400, problem);
        assertProblem(
                send("POST", "/v1/write", field + ",\"eventfds\":" + names + "}"), 400, problem);
        assertProblem(
                send("POST", "/v1/leases", field + ",\"give\":" + names + ",\"holder\":\"1s\"}"),
                400,
                problem);
        assertThat(count(name)).isEqualTo("1");
    }

    @Test
    void aPreferenceToWaitCountsWhereNoTimeoutIsGiven() throws IOException {
        var name = counter();
        request().header("Prefer", "wait=0").get(path(name) + "/wait").then().statusCode(204);
        request()
                .header("Prefer", "respond-async, wait=0")
                .contentType("application/json")
                .body("{\"eventfds\":[\"" + name + "\"]}")
                .post("/v1/wait")
                .then()
                .statusCode(204);
        request()
                .header("Prefer", "wait=30")
                .contentType("application/json")
                .body("{\"timeout\":\"0s\"}")
                .post(path(name) + "/read")
                .then()
                .statusCode(204);
        assertThatAReadWaits(name, "Prefer: wait=30\r\n");
    }

    @Test
    void aPreferenceMayBeOnALineOfItsOwnAndInCapitals() throws IOException {
        var name = counter();
        assertThatAReadWaits(name, "Prefer: respond-async\r\nPrefer: wait=30\r\n");
        assertThatAReadWaits(name, "Prefer: Wait=30\r\n");
    }

    @Test
    void aPreferenceThatIsLongerThanTheLimitIsShortened() throws IOException {
        assertThatAReadWaits(counter(), "Prefer: wait=999999999\r\n");
        assertThatAReadWaits(counter(), "Prefer: wait=99999999999999999999\r\n");
    }

    private static void assertThatAReadWaits(String name, String headers) throws IOException {
        var read =
                daemon.connect()
                        .send(
                                "POST "
                                        + path(name)
                                        + "/read HTTP/1.1\r\nHost: x\r\n"
                                        + headers
                                        + "Content-Length: 0\r\n\r\n");
        until(() -> waiters(name) == 1);
        add(name, "3");
        assertAnswer(read, 200, text(name, "value", "3"));
    }

    // POST /v1/wait

    private static String many(String rest, String... names) {
        return "{\"eventfds\":[\"" + String.join("\",\"", names) + "\"]" + rest + "}";
    }

    @Test
    void anyAnswersWithEachThatIsReadable() {
        var a = counter();
        var b = make("{\"initial\":2}");
        var c = make("{\"initial\":3,\"semaphore\":true}");
        assertThat(awaitMany(many("", a, b, c)).then().extract().<List<String>>path("ready.name"))
                .containsExactlyInAnyOrder(b, c);
        var taken = awaitMany(many(",\"mode\":\"any\",\"consume\":true", a, b, c)).asString();
        assertThat(taken).contains(text(b, "value", "2"), text(c, "value", "1"));
        assertThat(List.of(count(a), count(b), count(c))).containsExactly("0", "0", "2");
    }

    @Test
    void allWaitsUntilAllAreReadableAtOneMoment() throws IOException {
        var a = counter();
        var b = counter();
        var all =
                waiting(a, 1, "POST", "/v1/wait", many(",\"mode\":\"all\",\"consume\":true", a, b));
        assertThat(waiters(b)).isEqualTo(1);
        add(a, "1");
        assertThat(read(a, "").asString()).isEqualTo(text(a, "value", "1"));
        add(b, "2");
        assertThat(waiters(a)).as("it waits on").isEqualTo(1);
        add(a, "3");
        try (all) {
            assertThat(all.answer().body()).contains(text(a, "value", "3"), text(b, "value", "2"));
        }
        assertThat(List.of(count(a), count(b))).containsExactly("0", "0");
    }

    @Test
    void anAllThatCannotBeServedYetIsPassedOverAndKeepsItsPlace() throws IOException {
        var a = semaphore();
        var b = semaphore();
        var all =
                waiting(a, 1, "POST", "/v1/wait", many(",\"mode\":\"all\",\"consume\":true", a, b));
        var behind = waitingRead(a, 2);
        add(a, "1");
        assertAnswer(behind, 200, text(a, "value", "1"));
        var late = waitingRead(a, 2);
        add(b, "1");
        add(a, "1");
        try (all) {
            assertThat(all.answer().status()).isEqualTo(200);
        }
        assertThat(waiters(a)).isEqualTo(1);
        add(a, "1");
        assertAnswer(late, 200, text(a, "value", "1"));
    }

    @Test
    void aWaitOnManyHas1To1024DifferentNamesThatAreThere() {
        var names = IntStream.range(0, 1025).mapToObj(n -> "many-" + n).toArray(String[]::new);
        assertProblem(awaitMany(many("", names)), 400, "invalid-request");
        assertProblem(awaitMany("{\"eventfds\":[]}"), 400, "invalid-request");
        assertProblem(awaitMany(""), 400, "invalid-request");
        assertProblem(awaitMany(many("", "a", "a")), 400, "invalid-request");
        assertProblem(awaitMany(many("", "-a")), 400, "invalid-name");
        assertProblem(awaitMany(many(",\"mode\":\"some\"", "a")), 400, "invalid-value");
        assertProblem(awaitMany(many("", counter(), "nobody")), 404, "not-found")
                .body("detail", containsString("nobody"));
    }

    // watch

    /** Reads what comes until it ends with {@code text}. */
    private static String readUntil(RawClient client, String text) throws IOException {
        var seen = new StringBuilder();
        while (seen.indexOf(text) < 0) {
            int next = client.read();
            assertThat(next).as("the end, after " + seen).isNotNegative();
            seen.append((char) next);
        }
        return seen.toString();
    }

    private static String event(String type, String data) {
        return "event: " + type + "\ndata: " + data;
    }

    @Test
    void aWatchSendsTheCountAtOnceAndAfterWritesAndTheLastOneAlways() throws IOException {
        var name = make("{\"initial\":2}");
        try (var watch = daemon.connect().call("GET", path(name) + "/watch", "")) {
            assertThat(readUntil(watch, "\r\n\r\n"))
                    .startsWith("HTTP/1.1 200 ")
                    .containsIgnoringCase("content-type: text/event-stream");
            readUntil(watch, event("count", text(name, "count", "2")) + "\n\n");
            assertThat(waiters(name)).as("a watcher is no waiter").isZero();
            for (int i = 0; i < 50; i++) {
                add(name, "1");
            }
            readUntil(watch, event("count", text(name, "count", "52")) + "\n\n");
            add(name, "1");
            readUntil(watch, event("count", text(name, "count", "53")) + "\n\n");
        }
    }

    @Test
    void aWatchEndsWithTheProblemWhenItsEventfdIsDeleted() throws IOException {
        var name = counter();
        try (var watch = daemon.connect().call("GET", path(name) + "/watch", "")) {
            readUntil(watch, event("count", text(name, "count", "0")) + "\n\n");
            send("DELETE", path(name), "").then().statusCode(204);
            readUntil(watch, "event: end\ndata: {\"type\":\"urn:eventfdd:problem:gone\"");
            readUntil(watch, "\"status\":410");
            readUntil(watch, "\n\n");
            readUntil(watch, "0\r\n\r\n");
            assertThat(watch.isAtEnd()).isTrue();
        }
    }

    // Deleted while it is waited on

    @Test
    void deletingEndsAllWhoWait() throws IOException {
        var name = counter();
        var full = counter();
        add(full, MAX);
        var clients =
                List.of(
                        waitingRead(name, 1),
                        waiting(name, 2, "GET", path(name) + "/wait", ""),
                        waiting(name, 3, "POST", "/v1/wait", many("", name)),
                        waiting(
                                name,
                                4,
                                "POST",
                                "/v1/wait",
                                many(",\"mode\":\"all\",\"consume\":true", full, name)),
                        waiting(full, 2, "POST", path(full) + "/write", "{\"timeout\":\"30s\"}"));
        send("DELETE", path(name), "").then().statusCode(204);
        for (var client : clients.subList(0, 4)) {
            assertProblem(client, 410, "gone");
        }
        assertThat(count(full)).as("nothing was taken").isEqualTo(MAX);
        assertThat(waiters(full)).isEqualTo(1);
        send("DELETE", path(full), "").then().statusCode(204);
        assertProblem(clients.getLast(), 410, "gone");
    }
}
