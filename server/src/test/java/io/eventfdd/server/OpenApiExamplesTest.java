package io.eventfdd.server;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.eventfdd.internal.linux.OpenFiles;
import io.eventfdd.server.OpenApi.Answer;
import io.eventfdd.server.OpenApi.Operation;
import io.eventfdd.server.testing.Ran;
import io.eventfdd.server.testing.RawClient;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Each answer that the OpenAPI document has an example of is brought about in a real daemon, with
 * the document's own examples of requests, and is as the document says.
 */
class OpenApiExamplesTest {
    private static final String ORDERS = "/v1/eventfds/orders";
    private static final String STOP = "/v1/eventfds/stop";
    private static final String KEY = "Idempotency-Key: k\r\n";

    /** A request. */
    private record Call(String method, String path, String headers, String body) {
        Call with(String header) {
            return new Call(method, path, headers + header, body);
        }

        Call path(String other) {
            return new Call(method, other, headers, body);
        }

        Call body(String other) {
            return new Call(method, path, headers, other);
        }

        Call method(String other) {
            return new Call(other, path, headers, body);
        }

        String text() {
            var type =
                    body.isEmpty() || headers.contains("Content-Type")
                            ? ""
                            : "Content-Type: application/json\r\n";
            return "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s%s\r\n%s"
                    .formatted(
                            method,
                            path,
                            body.getBytes(StandardCharsets.UTF_8).length,
                            type,
                            headers,
                            body);
        }
    }

    private static OpenApi api;

    @BeforeAll
    static void readTheDocument() throws Exception {
        try (var daemon = new DaemonUnderTest(Map.of())) {
            api = OpenApi.of(daemon);
        }
    }

    static List<Answer> answers() {
        return api.answers();
    }

    @ParameterizedTest
    @MethodSource("answers")
    void anExampleIsWhatTheDaemonAnswers(Answer answer) throws Exception {
        var settings = Map.of("directory-mode", "0755", "socket-mode", "0666");
        try (var daemon = new DaemonUnderTest(settings)) {
            var operation = answer.operation();
            var call =
                    new Call(
                            operation.method(),
                            operation.path().replace("{name}", "orders")
                                    + api.query(operation, answer.example()),
                            "",
                            api.body(operation, answer.example()));
            if (operation.id().equals("watch") && answer.example().equals("ok")) {
                assertStreams(daemon, call, answer);
            } else {
                check(answer, answer(daemon, operation, answer, call));
            }
        }
    }

    // What the document says

    private static void check(Answer expected, RawClient.Answer actual) {
        var status = expected.status();
        if (status.equals("default")) {
            status = expected.value().path("status").asText();
        }
        assertThat(actual.status()).as(actual.body()).isEqualTo(Integer.parseInt(status));
        assertThat(actual.header("content-type").split(";", 2)[0]).isEqualTo(expected.mediaType());
        if (expected.mediaType().endsWith("json")) {
            var body = OpenApi.json(actual.body());
            assertThat(api.validate(expected.schema(), body)).as(actual.body()).isEmpty();
            if (!expected.value().isMissingNode()) {
                assertThat(shape(body)).isEqualTo(shape(expected.value()));
            }
        } else {
            assertThat(actual.body()).contains(expected.value().asText());
        }
        if (actual.status() == 405) {
            assertThat(actual.header("allow")).isEqualTo(allowed(expected.operation()));
        }
    }

    private static String allowed(Operation operation) {
        var methods = new TreeSet<String>();
        for (var other : api.operations()) {
            if (other.path().equals(operation.path())) {
                methods.add(other.method());
            }
        }
        // The document does not list HEAD, which is GET without the body, except for GETs that
        // wait.
        if (methods.contains("GET") && !Set.of("wait", "watch").contains(operation.id())) {
            methods.add("HEAD");
        }
        return String.join(", ", methods);
    }

    /** What does not differ from case to case: names of fields, and the words of a problem. */
    private static JsonNode shape(JsonNode json) {
        var shape = json.deepCopy();
        generalise(shape);
        return shape;
    }

    private static void generalise(JsonNode json) {
        if (json instanceof ObjectNode object) {
            for (var field :
                    List.of(
                            "detail",
                            "created",
                            "id",
                            "next",
                            "pid",
                            "since",
                            "expires",
                            "uid",
                            "gid",
                            "version",
                            "directory",
                            "api",
                            "fd")) {
                if (object.path(field).isValueNode()) {
                    object.put(field, "");
                }
            }
            object.remove("limits"); // those in force; the schema has all of them
        }
        json.forEach(OpenApiExamplesTest::generalise);
    }

    private static void assertStreams(DaemonUnderTest daemon, Call call, Answer answer)
            throws IOException {
        create(daemon, ORDERS, 7);
        try (var client = daemon.connect().send(call.text())) {
            var read = new StringBuilder();
            while (!read.toString().contains("\n\n")) {
                read.append((char) client.read());
            }
            assertThat(read.toString().toLowerCase(Locale.ROOT))
                    .startsWith("http/1.1 200 ")
                    .contains("content-type: " + answer.mediaType());
            assertThat(read.toString()).contains(answer.value().asText().strip());
        }
    }

    // How it comes about

    private static void create(DaemonUnderTest daemon, String path, long count) throws IOException {
        put(daemon, path, "{\"initial\":" + count + "}");
    }

    private static void put(DaemonUnderTest daemon, String path, String body) throws IOException {
        assertThat(send(daemon, new Call("PUT", path, "", body)).status()).isEqualTo(201);
    }

    private static RawClient.Answer send(DaemonUnderTest daemon, Call call) throws IOException {
        return RawClient.exchange(daemon.api(), call.text());
    }

    /** Does what it takes for that answer, and makes the call. */
    private static RawClient.Answer answer(
            DaemonUnderTest daemon, Operation operation, Answer answer, Call call)
            throws Exception {
        if (operation.path().startsWith("/v1/leases")) {
            return leaseAnswer(daemon, operation.id(), answer.example(), call);
        }
        var id = operation.id();
        boolean creates = id.equals("create");
        boolean health = operation.path().startsWith("/health");
        return switch (answer.example()) {
            case "ok", "consumed" -> {
                if (id.equals("waiters")) {
                    yield whileTwoWait(daemon, call);
                }
                if (health && answer.status().equals("503")) {
                    failLoop(daemon);
                } else if (!creates || answer.status().equals("200")) {
                    create(daemon, ORDERS, 7);
                    if (!creates) {
                        boolean both = answer.example().equals("consumed") || id.equals("list");
                        create(daemon, STOP, both ? 1 : 0);
                    }
                }
                if (id.equals("list")) {
                    create(daemon, "/v1/eventfds/ordersa", 0);
                }
                yield send(daemon, call);
            }
            case "no-content", "would-block" -> {
                create(daemon, ORDERS, writes(id) ? 1 : 0);
                create(daemon, STOP, 0);
                yield send(daemon, call);
            }
            case "invalid-name" ->
                    send(
                            daemon,
                            call.path().contains("orders")
                                    ? call.path(call.path().replace("orders", "-x"))
                                    : call.body(call.body().replace("orders", "-x")));
            case "invalid-value" -> {
                create(daemon, ORDERS, 0);
                yield send(daemon, invalid(id, call));
            }
            case "invalid-request" ->
                    send(
                            daemon,
                            call.path(
                                    call.path() + (call.path().contains("?") ? "&" : "?") + "x=1"));
            case "forbidden" -> {
                assumeTrue(OpenFiles.effectiveUser() == 0, "SKIP: only root can be another user");
                put(daemon, ORDERS, "{\"mode\":\"0600\"}");
                create(daemon, STOP, 0);
                yield asNobody(daemon, call);
            }
            case "not-found" -> send(daemon, call);
            case "method-not-allowed" -> send(daemon, call.method("PATCH"));
            case "headers-too-long" -> send(daemon, call.with("X: " + "x".repeat(20_000) + "\r\n"));
            case "exists" -> {
                create(daemon, ORDERS, 7);
                yield send(daemon, call);
            }
            case "precondition-failed" -> {
                create(daemon, ORDERS, 7);
                yield send(daemon, call.with("If-None-Match: *\r\n"));
            }
            case "too-large" -> {
                create(daemon, ORDERS, 0);
                yield send(daemon, call.body(" ".repeat(65_536) + call.body()));
            }
            case "unsupported-media-type" -> {
                create(daemon, ORDERS, 0);
                yield send(daemon, call.with("Content-Type: text/plain\r\n"));
            }
            case "gone" ->
                    whileItWaits(
                            daemon,
                            id,
                            waiting(id, call),
                            waiting -> {
                                send(daemon, new Call("DELETE", ORDERS, "", ""));
                                return waiting.answer();
                            });
            case "idempotency-key-in-use" ->
                    whileItWaits(
                            daemon,
                            id,
                            waiting(id, call).with(KEY),
                            waiting -> send(daemon, waiting(id, call).with(KEY)));
            case "idempotency-key-reused" -> {
                create(daemon, ORDERS, 7);
                create(daemon, STOP, 0);
                assertThat(send(daemon, call.with(KEY)).status()).isEqualTo(200);
                yield send(daemon, call.body(call.body() + " ").with(KEY));
            }
            case "limit" -> limit(daemon, id, call);
            case "internal" -> {
                if (!creates) {
                    create(daemon, ORDERS, writes(id) ? 1 : 0);
                    create(daemon, STOP, 0);
                }
                failLoop(daemon);
                yield send(daemon, waiting(id, call));
            }
            case "shutting-down" -> {
                daemon.refuseCalls();
                yield send(daemon, call);
            }
            default -> throw new AssertionError("nobody knows how to bring about " + answer);
        };
    }

    /** The same for the calls on leases. */
    private static RawClient.Answer leaseAnswer(
            DaemonUnderTest daemon, String id, String example, Call call) throws Exception {
        boolean takes = id.equals("takeLease");
        return switch (example) {
            case "ok", "no-content" -> {
                lendable(daemon, takes && example.equals("no-content") ? 0 : 5);
                yield send(daemon, takes ? call : onLease(daemon, call));
            }
            case "invalid-name" ->
                    send(
                            daemon,
                            takes
                                    ? call.body(call.body().replace("licences", "-x"))
                                    : call.path("/v1/leases?name=-x"));
            case "invalid-value" ->
                    send(
                            daemon,
                            id.equals("listLeases")
                                    ? call.path("/v1/leases?limit=0")
                                    : call.body("{\"holder\":\"0s\"}"));
            case "invalid-request" ->
                    send(
                            daemon,
                            call.path(
                                    call.path() + (call.path().contains("?") ? "&" : "?") + "x=1"));
            case "forbidden" -> {
                assumeTrue(OpenFiles.effectiveUser() == 0, "SKIP: only root can be another user");
                lendable(daemon, 5);
                yield asNobody(daemon, takes ? call : onLease(daemon, call));
            }
            case "exists" -> {
                lendable(daemon, 5);
                try (var holder = daemon.connect().send(taking("connection").text())) {
                    until(() -> leases(daemon).size() == 1);
                    assertThat(holder.channel().isOpen()).isTrue();
                    yield send(daemon, onFirst(daemon, call));
                }
            }
            case "gone", "idempotency-key-in-use" -> {
                lendable(daemon, 0);
                try (var client = daemon.connect().send(call.with(KEY).text())) {
                    until(() -> daemon.waiters("licences") == 1);
                    if (example.equals("gone")) {
                        send(daemon, new Call("DELETE", "/v1/eventfds/licences", "", ""));
                        yield client.answer();
                    }
                    yield send(daemon, call.with(KEY));
                }
            }
            case "idempotency-key-reused" -> {
                lendable(daemon, 5);
                var first = takes ? call : onLease(daemon, call);
                assertThat(send(daemon, first.with(KEY)).status()).isBetween(200, 204);
                yield send(daemon, first.body(first.body() + " ").with(KEY));
            }
            case "limit" -> {
                lendable(daemon, 5);
                daemon.reload(Map.of("max-leases", "1"));
                assertThat(send(daemon, call).status()).isEqualTo(201);
                yield send(daemon, call);
            }
            case "internal" -> {
                lendable(daemon, 5);
                var last = takes ? call : onLease(daemon, call);
                failLoop(daemon);
                yield send(daemon, last);
            }
            case "unsupported" -> {
                lendable(daemon, 5);
                var taken = send(daemon, call);
                assumeTrue(taken.status() != 201, "SKIP: this kernel has SO_PEERPIDFD");
                yield taken;
            }
            case "too-large" -> send(daemon, call.body(" ".repeat(65_537) + call.body()));
            case "unsupported-media-type" ->
                    send(daemon, call.body("{}").with("Content-Type: text/plain\r\n"));
            case "not-found" -> send(daemon, call);
            case "method-not-allowed" -> send(daemon, call.method("PATCH"));
            case "headers-too-long" -> send(daemon, call.with("X: " + "x".repeat(20_000) + "\r\n"));
            case "shutting-down" -> {
                daemon.refuseCalls();
                yield send(daemon, call);
            }
            default -> throw new AssertionError("nobody knows how to bring about " + example);
        };
    }

    /** The eventfds that the document's leases are on; everybody may read them. */
    private static void lendable(DaemonUnderTest daemon, int permits) throws IOException {
        put(
                daemon,
                "/v1/eventfds/licences",
                "{\"semaphore\":true,\"mode\":\"0664\",\"initial\":" + permits + "}");
        put(daemon, "/v1/eventfds/worker-died", "{\"mode\":\"0664\"}");
    }

    private static Call taking(String holder) {
        return new Call(
                "POST",
                "/v1/leases",
                "",
                "{\"take\":[{\"name\":\"licences\",\"value\":2}],"
                        + "\"give\":[{\"name\":\"worker-died\"}],\"holder\":\""
                        + holder
                        + "\"}");
    }

    /** The call on a lease that is there; there is another one too. */
    private static Call onLease(DaemonUnderTest daemon, Call call) throws IOException {
        for (int i = 0; i < 2; i++) {
            assertThat(send(daemon, taking("process")).status()).isEqualTo(201);
        }
        return onFirst(daemon, call);
    }

    private static Call onFirst(DaemonUnderTest daemon, Call call) {
        return call.path(call.path().replace("{id}", leases(daemon).getFirst()));
    }

    private static List<String> leases(DaemonUnderTest daemon) {
        return daemon.request().get("/v1/leases").jsonPath().getList("leases.id");
    }

    private static Call invalid(String operation, Call call) {
        return switch (operation) {
            case "list" -> call.path("/v1/eventfds?limit=0");
            case "wait" -> call.path(ORDERS + "/wait?timeout=25h");
            case "waiters" -> call.path(ORDERS + "/waiters?after=x");
            case "create" -> call.body("{\"initial\":4294967296}");
            case "write" -> call.body("{\"value\":0}");
            case "read" -> call.body("{\"max\":0}");
            case "writeToMany" -> call.body("{\"eventfds\":[{\"name\":\"orders\",\"value\":0}]}");
            default -> call.body("{\"eventfds\":[\"orders\"],\"mode\":\"some\"}");
        };
    }

    private static boolean writes(String operation) {
        return operation.equals("write") || operation.equals("writeToMany");
    }

    /** The same as one that waits; the others do anyway. */
    private static Call waiting(String operation, Call call) {
        var most = "\"value\":\"18446744073709551614\"";
        return switch (operation) {
            case "write" -> call.body("{" + most + ",\"timeout\":\"5s\"}");
            case "writeToMany" ->
                    call.body(
                            "{\"eventfds\":[{\"name\":\"stop\"},{\"name\":\"orders\","
                                    + most
                                    + "}],\"timeout\":\"5s\"}");
            default -> call;
        };
    }

    @FunctionalInterface
    private interface Meanwhile {
        RawClient.Answer does(RawClient waiting) throws Exception;
    }

    private static RawClient.Answer whileItWaits(
            DaemonUnderTest daemon, String id, Call call, Meanwhile meanwhile) throws Exception {
        create(daemon, ORDERS, writes(id) ? 1 : 0);
        create(daemon, STOP, 0);
        try (var client = daemon.connect().send(call.text())) {
            until(() -> daemon.waiters("orders") == 1);
            return meanwhile.does(client);
        }
    }

    private static RawClient.Answer whileTwoWait(DaemonUnderTest daemon, Call call)
            throws IOException {
        put(daemon, ORDERS, "{\"semaphore\":true}");
        var lease =
                new Call(
                        "POST",
                        "/v1/leases",
                        "",
                        "{\"take\":[{\"name\":\"orders\",\"value\":2}],"
                                + "\"holder\":\"30s\",\"timeout\":\"30s\"}");
        try (var first = daemon.connect().send(lease.text());
                var second = daemon.connect().send(lease.text())) {
            until(() -> daemon.waiters("orders") == 2);
            assertThat(List.of(first, second)).allMatch(client -> client.channel().isOpen());
            return send(daemon, call);
        }
    }

    private static RawClient.Answer limit(DaemonUnderTest daemon, String id, Call call)
            throws Exception {
        if (id.equals("create")) {
            create(daemon, STOP, 0);
            daemon.reload(Map.of("max-eventfds", "1"));
            return send(daemon, call);
        }
        daemon.reload(Map.of("max-waiters", "1", "max-watchers", "1"));
        if (id.equals("watch")) {
            create(daemon, ORDERS, 7);
            try (var first = daemon.connect().send(call.text())) {
                assertThat(first.read()).isEqualTo('H');
                return send(daemon, call);
            }
        }
        create(daemon, ORDERS, writes(id) ? 1 : 0);
        create(daemon, STOP, 0);
        try (var first = daemon.connect().call("GET", STOP + "/wait", "")) {
            until(() -> daemon.waiters("stop") == 1);
            assertThat(first.channel().isOpen()).isTrue();
            return send(daemon, waiting(id, call));
        }
    }

    private static void failLoop(DaemonUnderTest daemon) {
        daemon.loop()
                .submit(() -> {
                    throw new IllegalStateException("of this test's making");
                });
        until(() -> daemon.request().get("/health/live").statusCode() == 503);
    }

    /** The same by curl, as another user. */
    private static RawClient.Answer asNobody(DaemonUnderTest daemon, Call call) throws Exception {
        var command = new ArrayList<>(Ran.asUser(65534, 65534));
        command.addAll(
                List.of(
                        "curl",
                        "--silent",
                        "--show-error",
                        "--write-out",
                        "\n%{http_code} %{content_type}",
                        "--unix-socket",
                        daemon.api().toString(),
                        "--request",
                        call.method(),
                        "http://localhost" + call.path()));
        if (!call.body().isEmpty()) {
            command.addAll(List.of("--json", call.body()));
        }
        var curl = new ProcessBuilder(command).redirectErrorStream(true).start();
        var output = new String(curl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(curl.waitFor()).as(output).isZero();
        int end = output.lastIndexOf('\n');
        return new RawClient.Answer(
                Integer.parseInt(output.substring(end + 1, end + 4)),
                Map.of("content-type", output.substring(end + 5)),
                output.substring(0, end));
    }
}
