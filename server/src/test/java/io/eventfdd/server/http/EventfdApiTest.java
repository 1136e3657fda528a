package io.eventfdd.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.emptyString;
import static org.hamcrest.Matchers.endsWith;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.matchesPattern;
import static org.hamcrest.Matchers.startsWith;

import io.eventfdd.server.DaemonUnderTest;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The calls of server/API.md about eventfds as such, and what is the same for all calls. */
@Timeout(300)
class EventfdApiTest extends EventfdApiCalls {
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
