package io.eventfdd.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import io.eventfdd.server.DaemonUnderTest;
import io.restassured.response.Response;
import io.restassured.response.ValidatableResponse;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Calls that carry many signals: a write to many eventfds, and a read of several permits. */
@Timeout(300)
class ManyAtOnceTest {
    private static final String MAX = "18446744073709551614";
    private static final AtomicInteger MADE = new AtomicInteger();
    private static DaemonUnderTest daemon;

    @BeforeAll
    static void start() throws Exception {
        daemon = new DaemonUnderTest(Map.of());
    }

    @AfterAll
    static void stop() throws Exception {
        daemon.close();
    }

    private static String make(String spec) {
        var name = "m" + MADE.incrementAndGet();
        send("PUT", "/v1/eventfds/" + name, spec).then().statusCode(201);
        return name;
    }

    private static Response send(String method, String path, String body) {
        var request = daemon.request();
        if (!body.isEmpty()) {
            request.contentType("application/json").body(body);
        }
        return request.request(method, path);
    }

    private static Response writeMany(String body) {
        return send("POST", "/v1/write", body);
    }

    private static Response read(String name, String body) {
        return send("POST", "/v1/eventfds/" + name + "/read", body);
    }

    private static String count(String name) {
        return send("GET", "/v1/eventfds/" + name, "").path("count").toString();
    }

    private static ValidatableResponse assertProblem(Response response, int status, String type) {
        return response.then()
                .statusCode(status)
                .contentType("application/problem+json")
                .body("type", equalTo("urn:eventfdd:problem:" + type));
    }

    // Writes to many

    @Test
    void theAnswerSaysWhatWasAddedToEachInTheOrderOfTheRequest() {
        var a = make("");
        var b = make("{\"semaphore\":true}");
        writeMany(
                        "{\"eventfds\":[{\"name\":\"%s\",\"value\":\"7\"},{\"name\":\"%s\"}]}"
                                .formatted(b, a))
                .then()
                .statusCode(200)
                .contentType("application/json")
                .body("written.name", equalTo(List.of(b, a)))
                .body("written.value", equalTo(List.of(7, 1)));
        assertThat(List.of(count(a), count(b))).containsExactly("1", "7");
    }

    @Test
    void withoutRoomInAllOfThemNothingIsAddedAndTheyAreNamed() {
        var a = make("");
        var full = make("");
        send("POST", "/v1/eventfds/" + full + "/write", "{\"value\":" + MAX + "}");
        var body = "{\"eventfds\":[{\"name\":\"%s\"},{\"name\":\"%s\"}]}".formatted(a, full);
        assertProblem(writeMany(body), 409, "would-block")
                .body("errno", equalTo("EAGAIN"))
                .body("eventfds", equalTo(List.of(full)))
                .body("detail", containsString("1 of 2"));
        assertThat(count(a)).isEqualTo("0");
    }

    /** The kept answer is the same as the first, its member of its own included. */
    @Test
    void aKeyGetsTheSameProblemAgain() {
        var full = make("{\"initial\":1}");
        var body = "{\"eventfds\":[{\"name\":\"%s\",\"value\":%s}]}".formatted(full, MAX);
        var key = "k" + MADE.incrementAndGet();
        var first = keyed(body, key);
        read(full, "").then().statusCode(200);
        assertProblem(keyed(body, key), 409, "would-block")
                .body("eventfds", equalTo(List.of(full)));
        assertThat(keyed(body, key).asString()).isEqualTo(first.asString());
    }

    private static Response keyed(String body, String key) {
        return daemon.request()
                .contentType("application/json")
                .header("Idempotency-Key", key)
                .body(body)
                .post("/v1/write");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}| invalid-request| eventfds",
                "{\"eventfds\":[]}| invalid-request| 0 names",
                "{\"eventfds\":{\"a\":1}}| invalid-request| eventfds",
                "{\"eventfds\":[\"a\"]}| invalid-request| eventfds[0]",
                "{\"eventfds\":[{\"value\":1}]}| invalid-request| eventfds[0].name",
                "{\"eventfds\":[{\"name\":\"a\"},{\"name\":\"a\"}]}| invalid-request| duplicate"
                        + " name: a",
                "{\"eventfds\":[{\"name\":\"a/b\"}]}| invalid-name| a/b",
                "{\"eventfds\":[{\"name\":\"a\",\"value\":0}]}| invalid-value| eventfds[0].value",
                "{\"eventfds\":[{\"name\":\"a\",\"value\":18446744073709551615}]}| invalid-value|"
                        + " eventfds[0].value",
                "{\"eventfds\":[{\"name\":\"a\",\"value\":1.5}]}| invalid-request|"
                        + " eventfds[0].value",
                "{\"eventfds\":[{\"name\":\"a\",\"wert\":1}]}| invalid-request| eventfds[0].wert",
                "{\"eventfds\":[{\"name\":\"a\"}],\"timeout\":5}| invalid-request| timeout",
                "{\"eventfds\":[{\"name\":\"a\"}],\"mode\":\"any\"}| invalid-request| mode",
            })
    void aBodyThatIsNotRightIsNamed(String body, String type, String named) {
        assertProblem(writeMany(body), 400, type).body("detail", containsString(named));
    }

    @Test
    void moreThan1024NamesAreTooMany() {
        var entries =
                IntStream.range(0, 1025)
                        .mapToObj(i -> "{\"name\":\"x" + i + "\"}")
                        .collect(Collectors.joining(","));
        assertProblem(writeMany("{\"eventfds\":[" + entries + "]}"), 400, "invalid-request")
                .body("detail", containsString("1025"));
    }

    @Test
    void allNamesHaveToBeThere() {
        var a = make("");
        assertProblem(
                        writeMany(
                                "{\"eventfds\":[{\"name\":\"%s\"},{\"name\":\"nobody\"}]}"
                                        .formatted(a)),
                        404,
                        "not-found")
                .body("detail", containsString("nobody"));
        assertThat(count(a)).isEqualTo("0");
    }

    // Reads of several permits

    @Test
    void aReadTakesAsManyPermitsAsThereAreUpToMax() {
        var name = make("{\"semaphore\":true,\"initial\":7}");
        read(name, "{\"max\":5}").then().statusCode(200).body("value", equalTo(5));
        read(name, "{\"max\":\"5\"}").then().statusCode(200).body("value", equalTo(2));
        read(name, "{\"max\":5}").then().statusCode(204);
        assertThat(count(name)).isEqualTo("0");
    }

    @Test
    void withoutMaxItIsOne() {
        var name = make("{\"semaphore\":true,\"initial\":2}");
        read(name, "{}").then().statusCode(200).body("value", equalTo(1));
    }

    @Test
    void aCounterIsReadAsAWholeAndTakesNoMax() {
        var name = make("{\"initial\":7}");
        assertProblem(read(name, "{\"max\":2}"), 400, "invalid-value")
                .body("detail", containsString("max"));
        assertThat(count(name)).isEqualTo("7");
        read(name, "{\"max\":1}").then().statusCode(200).body("value", equalTo(7));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1025", "\"0\"", "\"x\"", "18446744073709551616", "-1"})
    void maxIs1To1024(String max) {
        var name = make("{\"semaphore\":true,\"initial\":7}");
        assertProblem(read(name, "{\"max\":" + max + "}"), 400, "invalid-value")
                .body("detail", containsString("max"));
        assertThat(count(name)).isEqualTo("7");
    }
}
