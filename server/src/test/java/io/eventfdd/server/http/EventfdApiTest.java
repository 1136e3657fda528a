package io.eventfdd.server.http;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.emptyString;
import static org.hamcrest.Matchers.endsWith;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.matchesPattern;
import static org.hamcrest.Matchers.startsWith;

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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/** The calls of server/API.md, one by one, over the real socket of a daemon in this process. */
@Timeout(60)
class EventfdApiTest {
    private static final String MAX = "18446744073709551614";
    private static final AtomicInteger MADE = new AtomicInteger();

    private static DaemonUnderTest daemon;
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

    private static String path(String name) {
        return "/v1/eventfds/" + name;
    }

    /** A request on a connection that is kept, for which each answer has to be read. */
    private static RequestSpecification request() {
        return RestAssured.given(http)
                .filter((request, response, next) -> {
                    var answer = next.next(request, response);
                    answer.asByteArray();
                    return answer;
                });
    }

    private static String state(String name, String field) {
        try {
            var answer = observer.call("GET", path(name), "").answer();
            assertThat(answer.status()).isEqualTo(200);
            return JsonText.parse(answer.body()).get(field).asText();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String count(String name) {
        return state(name, "count");
    }

    private static int waiters(String name) {
        return Integer.parseInt(state(name, "waiters"));
    }

    private static Response send(String method, String path, String body) {
        var request = request();
        if (!body.isEmpty()) {
            request.contentType("application/json").body(body);
        }
        return request.request(method, path);
    }

    private static Response put(String name, String spec) {
        return send("PUT", path(name), spec);
    }

    /** A new eventfd of a name of its own. */
    private static String make(String spec) {
        var name = "t" + MADE.incrementAndGet();
        put(name, spec).then().statusCode(201);
        return name;
    }

    private static String counter() {
        return make("");
    }

    private static String semaphore() {
        return make("{\"semaphore\":true}");
    }

    private static Response write(String name, String body) {
        return send("POST", path(name) + "/write", body);
    }

    private static void add(String name, String value) {
        write(name, "{\"value\":" + value + "}").then().statusCode(200);
    }

    private static Response read(String name, String body) {
        return send("POST", path(name) + "/read", body);
    }

    private static Response await(String name, String query) {
        return send("GET", path(name) + "/wait" + query, "");
    }

    private static Response awaitMany(String body) {
        return send("POST", "/v1/wait", body);
    }

    private static String text(String name, String field, String value) {
        return "{\"name\":\"" + name + "\",\"" + field + "\":" + value + "}";
    }

    private static ValidatableResponse assertProblem(Response response, int status, String type) {
        return response.then()
                .statusCode(status)
                .contentType("application/problem+json")
                .body("type", equalTo("urn:eventfdd:problem:" + type))
                .body("status", equalTo(status))
                .body("title", matchesPattern("[A-Z].+"))
                .body("detail", matchesPattern(".+"));
    }

    /** A call that waits: it returns once {@code name} has {@code waiters}. */
    private static RawClient waiting(
            String name, int waiters, String method, String path, String body) throws IOException {
        var client = daemon.connect().call(method, path, body);
        until(() -> waiters(name) == waiters);
        return client;
    }

    private static RawClient waitingRead(String name, int waiters) throws IOException {
        return waiting(name, waiters, "POST", path(name) + "/read", "{\"timeout\":\"30s\"}");
    }

    private static void assertAnswer(RawClient client, int status, String body) throws IOException {
        try (client) {
            var answer = client.answer();
            assertThat(answer.body()).isEqualTo(body);
            assertThat(answer.status()).isEqualTo(status);
        }
    }

    private static void assertProblem(RawClient client, int status, String type)
            throws IOException {
        try (client) {
            var answer = client.answer();
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.header("content-type")).isEqualTo("application/problem+json");
            assertThat(answer.body()).contains("\"urn:eventfdd:problem:" + type + "\"");
        }
    }

    // GET /v1

    @Test
    void theDaemonTellsWhereItIs() {
        request()
                .get("/v1")
                .then()
                .statusCode(200)
                .contentType("application/json")
                .body("version", matchesPattern(".+"))
                .body("openapi", equalTo("/openapi"))
                .body("runtime.directory", equalTo(daemon.directory().toString()))
                .body("runtime.api", equalTo(daemon.api().toString()))
                .body("runtime.fd", equalTo(daemon.directory().resolve("fd.sock").toString()));
    }

    @Test
    void theDaemonTellsWhatItsLimitsAre() throws Exception {
        var settings =
                Map.of(
                        "max-eventfds", "101",
                        "max-connections", "102",
                        "max-waiters", "103",
                        "max-wait", "104s");
        try (var limited = new DaemonUnderTest(settings)) {
            limited.request()
                    .get("/v1")
                    .then()
                    .statusCode(200)
                    .body("limits.'max-eventfds'", equalTo(101))
                    .body("limits.'max-connections'", equalTo(102))
                    .body("limits.'max-waiters'", equalTo(103))
                    .body("limits.'max-wait'", equalTo("104s"));
        }
    }

    // PUT

    @Test
    void aNewOneIsMadeWithTheDefaultsWhereNothingIsSaid() throws IOException {
        var before = Instant.now();
        var state = put("defaults", "").then().statusCode(201).contentType("application/json");
        state.body("name", equalTo("defaults"))
                .body("count", equalTo(0))
                .body("semaphore", equalTo(false))
                .body("nonblocking", equalTo(true))
                .body("mode", equalTo("0660"))
                .body("owner.uid", equalTo(Files.getAttribute(daemon.api(), "unix:uid")))
                .body("owner.gid", equalTo(Files.getAttribute(daemon.directory(), "unix:gid")))
                .body("waiters", equalTo(0))
                .body("leased", equalTo(0));
        var created = state.extract().<String>path("created");
        assertThat(created).endsWith("Z");
        assertThat(Instant.parse(created)).isBetween(before, Instant.now());
        assertThat(state.extract().<Map<String, ?>>path("").keySet())
                .containsExactly(
                        "name",
                        "count",
                        "semaphore",
                        "nonblocking",
                        "mode",
                        "owner",
                        "waiters",
                        "leased",
                        "created");
        assertThat(send("GET", path("defaults"), "").asString())
                .isEqualTo(state.extract().asString());
    }

    @Test
    void aNewOneIsMadeAsItIsWished() {
        put(
                        "wished",
                        "{\"initial\":4294967295,\"semaphore\":true,\"nonblocking\":false,"
                                + "\"mode\":\"604\"}")
                .then()
                .statusCode(201)
                .body("count", equalTo(4294967295L))
                .body("semaphore", equalTo(true))
                .body("nonblocking", equalTo(false))
                .body("mode", equalTo("0604"));
    }

    @Test
    void theSameOneIsFoundWhateverItWasToBeginWith() {
        put("same", "{\"initial\":5,\"mode\":\"0640\"}").then().statusCode(201);
        put("same", "{\"initial\":7,\"mode\":\"640\",\"semaphore\":false,\"nonblocking\":true}")
                .then()
                .statusCode(200)
                .body("count", equalTo(5));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{\"semaphore\":true}", "{\"nonblocking\":false}", "{\"mode\":\"0600\"}"})
    void anotherUnderTheSameNameIsAConflict(String spec) {
        var name = make("{\"initial\":3}");
        assertProblem(put(name, spec), 409, "exists").body("errno", equalTo("EEXIST"));
        put(name, "").then().statusCode(200).body("count", equalTo(3));
    }

    @Test
    void aConflictSaysWhatThereIsAndWhatWasAskedFor() {
        var name = make("{\"semaphore\":true,\"mode\":\"0600\"}");
        assertProblem(put(name, "{\"nonblocking\":false}"), 409, "exists")
                .body(
                        "detail",
                        equalTo(
                                name
                                        + " exists with another spec: it is a semaphore with mode"
                                        + " 0600, not a blocking counter with mode 0660"));
    }

    @Test
    void aTimeoutInTheQueryOfAReadIsToldWhereItBelongs() {
        assertProblem(request().post(path("a") + "/read?timeout=5s"), 400, "invalid-request")
                .body("detail", containsString("'timeout'; a POST takes its fields in the body"));
    }

    @Test
    void aBodyThatIsNoJsonIsToldHowToSendIt() {
        assertProblem(
                        request()
                                .contentType("application/x-www-form-urlencoded")
                                .body("{}")
                                .post(path("a") + "/write"),
                        415,
                        "unsupported-media-type")
                .body("detail", startsWith("the body is application/x-www-form-urlencoded"))
                .body(
                        "detail",
                        endsWith("; send Content-Type: application/json (with curl: --json)"));
    }

    @Test
    void ifNoneMatchMakesItExclusive() {
        request().header("If-None-Match", "*").put(path("exclusive")).then().statusCode(201);
        assertProblem(
                request().header("If-None-Match", "*").put(path("exclusive")),
                412,
                "precondition-failed");
        assertProblem(
                request()
                        .header("If-None-Match", "*")
                        .contentType("application/json")
                        .body("{\"semaphore\":true}")
                        .put(path("exclusive")),
                412,
                "precondition-failed");
        assertProblem(
                request().header("If-None-Match", "\"tag\"").put(path("exclusive")),
                400,
                "invalid-request");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"initial\":-1}                    | invalid-value   | initial",
                "{\"initial\":4294967296}            | invalid-value   | initial",
                "{\"mode\":\"0888\"}                 | invalid-value   | mode",
                "{\"mode\":\"01777\"}                | invalid-value   | mode",
                "{\"initial\":1.0}                   | invalid-request | initial",
                "{\"initial\":true}                  | invalid-request | initial",
                "{\"semaphore\":1}                   | invalid-request | semaphore",
                "{\"nonblocking\":\"yes\"}           | invalid-request | nonblocking",
                "{\"mode\":660}                      | invalid-request | mode",
                "{\"semaphor\":true}                 | invalid-request | semaphor",
                "{\"initial\":1,\"initial\":1}       | invalid-request | initial",
                "[]                                  | invalid-request | object",
                "{} {}                               | invalid-request | JSON",
                "{\"initial\":                       | invalid-request | JSON",
            })
    void aSpecThatIsNoneIsRefusedAndNothingIsMade(String spec, String type, String word) {
        assertProblem(put("refused", spec), 400, type).body("detail", containsString(word));
        assertProblem(send("GET", path("refused"), ""), 404, "not-found");
    }

    // GET and DELETE of one

    @Test
    void lookingAtAStateConsumesNothing() {
        var name = make("{\"initial\":5}");
        send("GET", path(name), "").then().statusCode(200).body("count", equalTo(5));
        send("GET", path(name), "").then().statusCode(200).body("count", equalTo(5));
    }

    @Test
    void aNameMayComePercentEncoded() {
        put("%65ncoded", "").then().statusCode(201).body("name", equalTo("encoded"));
        send("GET", path("encode%64"), "").then().statusCode(200);
    }

    @Test
    void aDeletedOneIsGoneAndItsNameFree() {
        var name = make("{\"initial\":5}");
        send("DELETE", path(name), "").then().statusCode(204).body(emptyString());
        assertProblem(send("DELETE", path(name), ""), 404, "not-found")
                .body("errno", equalTo("ENOENT"));
        put(name, "{\"semaphore\":true}").then().statusCode(201).body("count", equalTo(0));
    }

    @ParameterizedTest
    @CsvSource({"GET,", "DELETE,", "POST, /write", "POST, /read", "GET, /wait", "GET, /watch"})
    void whatIsNotThereIsNotFoundAndWhatIsNoNameIsSaid(String method, String call) {
        var rest = call == null ? "" : call;
        assertProblem(send(method, path("nobody") + rest, ""), 404, "not-found")
                .body("errno", equalTo("ENOENT"))
                .body("detail", containsString("nobody"));
        for (var bad : List.of("-a", "_a", ".a", "a%20b", "a%2Fb", "%C3%A9", "a".repeat(129))) {
            assertProblem(send(method, path(bad) + rest, ""), 400, "invalid-name");
        }
    }

    @Test
    void aNameOf128CharactersIsTaken() {
        put("n".repeat(128), "").then().statusCode(201);
    }

    // The list

    @Test
    void theListIsInAsciiOrderAndComesInPages() {
        for (var name : List.of("list.b", "list.a", "list.Z", "list._", "list.10", "list.9")) {
            put(name, "").then().statusCode(201);
        }
        put("lisu", "").then().statusCode(201);
        var all = List.of("list.10", "list.9", "list.Z", "list._", "list.a", "list.b");
        request()
                .get("/v1/eventfds?prefix=list.")
                .then()
                .statusCode(200)
                .contentType("application/json")
                .body("eventfds.name", equalTo(all))
                .body("containsKey('next')", equalTo(false));
        assertThat(pages("list.", 1)).isEqualTo(all);
        assertThat(pages("list.", 4)).isEqualTo(all);
        assertThat(pages("list.", 6)).isEqualTo(all);
        request()
                .get("/v1/eventfds?prefix=list.&after=list.A&limit=2")
                .then()
                .body("eventfds.name", equalTo(List.of("list.Z", "list._")))
                .body("next", equalTo("list._"));
        request()
                .get("/v1/eventfds?prefix=list.a&limit=1")
                .then()
                .body("eventfds.name", equalTo(List.of("list.a")))
                .body("containsKey('next')", equalTo(false));
        request()
                .get("/v1/eventfds?prefix=no-such-prefix")
                .then()
                .statusCode(200)
                .body("eventfds", equalTo(List.of()));
    }

    private static List<String> pages(String prefix, int limit) {
        var names = new ArrayList<String>();
        var query = "?prefix=" + prefix + "&limit=" + limit;
        for (var after = ""; after != null; ) {
            var page = request().get("/v1/eventfds" + query + after).then().statusCode(200);
            names.addAll(page.extract().<List<String>>path("eventfds.name"));
            var next = page.extract().<String>path("next");
            assertThat(next == null || next.equals(names.getLast())).isTrue();
            after = next == null ? null : "&after=" + next;
        }
        return names;
    }

    @Test
    void eachOfTheListIsAWholeState() {
        put("whole", "{\"initial\":3,\"semaphore\":true}").then().statusCode(201);
        assertThat(request().get("/v1/eventfds?prefix=whole").asString())
                .isEqualTo("{\"eventfds\":[" + send("GET", path("whole"), "").asString() + "]}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1001", "-1", "x", "", "1.0", "99999999999"})
    void aPageHas1To1000(String limit) {
        assertProblem(request().get("/v1/eventfds?limit=" + limit), 400, "invalid-value")
                .body("detail", containsString("limit"));
    }

    // write

    @Test
    void aWriteAddsOneWhereNothingIsSaid() {
        var name = counter();
        assertThat(write(name, "").asString()).isEqualTo(text(name, "value", "1"));
        assertThat(write(name, "{}").asString()).isEqualTo(text(name, "value", "1"));
        assertThat(write(name, "{\"value\":\"5\"}").asString()).isEqualTo(text(name, "value", "5"));
        assertThat(count(name)).isEqualTo("7");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1",
                "9007199254740993",
                "9223372036854775807",
                "9223372036854775808",
                "18446744073709551613",
                MAX
            })
    void everyCountOf64BitsComesBackWhole(String value) {
        var name = counter();
        var valueOf = text(name, "value", value);
        var countOf = text(name, "count", value);
        assertThat(write(name, "{\"value\":" + value + "}").asString()).isEqualTo(valueOf);
        assertThat(send("GET", path(name), "").asString()).contains("\"count\":" + value + ",");
        assertThat(await(name, "?timeout=0s").asString()).isEqualTo(countOf);
        assertThat(awaitMany("{\"eventfds\":[\"" + name + "\"]}").asString())
                .isEqualTo("{\"ready\":[" + countOf + "]}");
        assertThat(read(name, "").asString()).isEqualTo(valueOf);
        write(name, "{\"value\":\"" + value + "\"}").then().statusCode(200);
        assertThat(awaitMany("{\"eventfds\":[\"" + name + "\"],\"consume\":true}").asString())
                .isEqualTo("{\"ready\":[" + valueOf + "]}");
        assertThat(count(name)).isEqualTo("0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "-1",
                "-3",
                "18446744073709551615",
                "18446744073709551616",
                "\"0\"",
                "\"-3\"",
                "\"\"",
                "\"one\""
            })
    void anotherNumberIsAnInvalidValueAndAddsNothing(String value) {
        var name = counter();
        assertProblem(write(name, "{\"value\":" + value + "}"), 400, "invalid-value")
                .body("detail", containsString("value"));
        assertThat(count(name)).isEqualTo("0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"value\":1.0}",
                "{\"value\":1e3}",
                "{\"value\":null}",
                "{\"value\":true}",
                "{\"vlaue\":1}",
                "{\"value\":1,\"value\":1}",
                "{\"timeout\":0}",
                "[1]",
                "1",
                "{"
            })
    void aMalformedWriteAddsNothing(String body) {
        var name = counter();
        assertProblem(write(name, body), 400, "invalid-request");
        assertThat(count(name)).isEqualTo("0");
    }

    @Test
    void whatHasNoRoomIsRefusedAndAddsNothing() {
        var name = counter();
        add(name, MAX);
        assertProblem(write(name, ""), 409, "would-block").body("errno", equalTo("EAGAIN"));
        assertProblem(write(name, "{\"timeout\":\"30ms\"}"), 409, "would-block");
        assertThat(read(name, "").asString()).isEqualTo(text(name, "value", MAX));
        assertThat(count(name)).isEqualTo("0");
    }

    @Test
    void writesThatWaitForRoomAreServedInTheirOrder() throws IOException {
        var name = counter();
        add(name, MAX);
        var body = "{\"timeout\":\"30s\",\"value\":";
        var big = waiting(name, 1, "POST", path(name) + "/write", body + MAX + "}");
        var small = waiting(name, 2, "POST", path(name) + "/write", body + "1}");
        read(name, "").then().statusCode(200);
        assertAnswer(big, 200, text(name, "value", MAX));
        assertThat(count(name)).isEqualTo(MAX);
        read(name, "").then().statusCode(200);
        assertAnswer(small, 200, text(name, "value", "1"));
        assertThat(count(name)).isEqualTo("1");
    }

    // read

    @Test
    void aCounterGivesAllAndASemaphoreOne() {
        var all = make("{\"initial\":3}");
        assertThat(read(all, "").asString()).isEqualTo(text(all, "value", "3"));
        read(all, "").then().statusCode(204).body(emptyString());
        var one = make("{\"initial\":2,\"semaphore\":true}");
        assertThat(read(one, "").asString()).isEqualTo(text(one, "value", "1"));
        assertThat(read(one, "{}").asString()).isEqualTo(text(one, "value", "1"));
        read(one, "").then().statusCode(204);
    }

    @Test
    void whoConsumesIsServedFirstComeFirstServed() throws IOException {
        var name = semaphore();
        var first = waitingRead(name, 1);
        var second =
                waiting(
                        name,
                        2,
                        "POST",
                        "/v1/wait",
                        "{\"eventfds\":[\"" + name + "\"],\"consume\":true}");
        var third = waitingRead(name, 3);
        var one = text(name, "value", "1");
        add(name, "1");
        assertAnswer(first, 200, one);
        assertThat(waiters(name)).isEqualTo(2);
        add(name, "1");
        assertAnswer(second, 200, "{\"ready\":[" + one + "]}");
        assertThat(waiters(name)).isEqualTo(1);
        add(name, "1");
        assertAnswer(third, 200, one);
    }

    @Test
    void whoOnlyLooksWakesBeforeAConsumerTakesTheCount() throws IOException {
        var name = counter();
        var consumer = waitingRead(name, 1);
        var looking = waiting(name, 2, "GET", path(name) + "/wait", "");
        var lookingAtMany =
                waiting(name, 3, "POST", "/v1/wait", "{\"eventfds\":[\"" + name + "\"]}");
        add(name, "9");
        assertAnswer(looking, 200, text(name, "count", "9"));
        assertAnswer(lookingAtMany, 200, "{\"ready\":[" + text(name, "count", "9") + "]}");
        assertAnswer(consumer, 200, text(name, "value", "9"));
        assertThat(count(name)).isEqualTo("0");
    }

    @Test
    void aClientThatWentTakesNothing() throws IOException {
        var name = counter();
        waitingRead(name, 1).close();
        until(() -> waiters(name) == 0);
        add(name, "4");
        assertThat(count(name)).isEqualTo("4");
    }

    @Test
    void aClientThatOnlyStoppedSendingIsServed() throws IOException {
        var name = counter();
        var client = waitingRead(name, 1);
        client.channel().shutdownOutput();
        add(name, "4");
        assertAnswer(client, 200, text(name, "value", "4"));
    }

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
    @ValueSource(
            strings = {"5", "-1s", "1.5s", "1d", "s", "", "61m", "3601s", "99999999999999999s"})
    void aDurationThatIsNoneOrTooLongIsRefused(String timeout) {
        var name = make("{\"initial\":1}");
        var field = "{\"timeout\":\"" + timeout + "\"";
        assertProblem(await(name, "?timeout=" + timeout), 400, "invalid-request");
        assertProblem(read(name, field + "}"), 400, "invalid-request");
        assertProblem(write(name, field + "}"), 400, "invalid-request");
        assertProblem(
                awaitMany(field + ",\"eventfds\":[\"" + name + "\"]}"), 400, "invalid-request");
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
        var read =
                daemon.connect()
                        .send(
                                "POST "
                                        + path(name)
                                        + "/read HTTP/1.1\r\nHost: x\r\nPrefer: wait=30\r\n"
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

    // What requests may not say

    @ParameterizedTest
    @CsvSource({
        "GET, /v1",
        "GET, /v1/eventfds",
        "PUT, /v1/eventfds/a",
        "GET, /v1/eventfds/a",
        "DELETE, /v1/eventfds/a",
        "POST, /v1/eventfds/a/write",
        "POST, /v1/eventfds/a/read",
        "GET, /v1/eventfds/a/wait",
        "POST, /v1/wait",
        "GET, /v1/eventfds/a/watch",
        "GET, /health",
        "GET, /metrics",
        "GET, /openapi"
    })
    void anUnknownQueryParameterIsNamed(String method, String path) {
        assertProblem(send(method, path + "?timeuot=5s", ""), 400, "invalid-request")
                .body("detail", containsString("timeuot"));
    }

    @Test
    void aQueryParameterComesOnce() {
        assertProblem(request().get("/v1/eventfds?limit=1&limit=2"), 400, "invalid-request")
                .body("detail", containsString("limit"));
    }

    @ParameterizedTest
    @CsvSource({
        "PUT, /v1/eventfds/unsupported",
        "POST, /v1/eventfds/a/write",
        "POST, /v1/eventfds/a/read",
        "POST, /v1/wait"
    })
    void aBodyIsJsonAndNotTooLarge(String method, String path) {
        assertProblem(
                request().contentType("text/plain").body("{}").request(method, path),
                415,
                "unsupported-media-type");
        var large = "{\"x\":\"" + "x".repeat(64 * 1024) + "\"}";
        assertProblem(send(method, path, large), 413, "too-large");
        assertProblem(send("GET", path("unsupported"), ""), 404, "not-found");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ':',
            value = {
                "/v1:GET, HEAD",
                "/v1/eventfds:GET, HEAD",
                "/v1/eventfds/a:DELETE, GET, HEAD, PUT",
                "/v1/eventfds/a/write:POST",
                "/v1/eventfds/a/read:POST",
                "/v1/eventfds/a/wait:GET",
                "/v1/wait:POST",
                "/v1/eventfds/a/watch:GET"
            })
    void anotherMethodIsToldWhichAreAllowed(String path, String allow) {
        assertProblem(send("PATCH", path, ""), 405, "method-not-allowed");
        send("PATCH", path, "").then().header("Allow", equalTo(allow));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/v2",
                "/v1/",
                "/v1/eventfds/",
                "/v1/eventfds/a/",
                "/v1/eventfds/a/reed",
                "/v1/eventfd/a",
                "/V1"
            })
    void anotherPathIsNotFound(String path) {
        assertProblem(send("GET", path, ""), 404, "not-found").body("errno", equalTo("ENOENT"));
    }

    // Operations

    @ParameterizedTest
    @ValueSource(strings = {"/health", "/health/live", "/health/ready"})
    void aHealthyDaemonIsUp(String path) {
        send("GET", path, "").then().statusCode(200).body("status", equalTo("UP"));
    }

    @Test
    void theOpenApiDocumentHasEveryCallAndNoOther() {
        var document = send("GET", "/openapi", "").then().statusCode(200);
        document.body("openapi", matchesPattern("3\\.1\\..*"));
        var told = new ArrayList<String>();
        document.extract()
                .<Map<String, Map<String, ?>>>path("paths")
                .forEach((path, operations) ->
                        operations.keySet().stream()
                                .filter(List.of("get", "put", "post", "delete")::contains)
                                .forEach(method -> told.add(method + " " + path)));
        assertThat(told)
                .containsExactlyInAnyOrder(
                        "get /v1",
                        "get /v1/eventfds",
                        "put /v1/eventfds/{name}",
                        "get /v1/eventfds/{name}",
                        "delete /v1/eventfds/{name}",
                        "post /v1/eventfds/{name}/write",
                        "post /v1/eventfds/{name}/read",
                        "get /v1/eventfds/{name}/wait",
                        "get /v1/eventfds/{name}/watch",
                        "get /v1/eventfds/{name}/waiters",
                        "post /v1/wait",
                        "post /v1/write",
                        "get /v1/leases",
                        "post /v1/leases",
                        "get /v1/leases/{id}",
                        "delete /v1/leases/{id}",
                        "post /v1/leases/{id}/commit",
                        "post /v1/leases/{id}/renew",
                        "get /health",
                        "get /health/live",
                        "get /health/ready",
                        "get /metrics",
                        "get /openapi");
    }
}
