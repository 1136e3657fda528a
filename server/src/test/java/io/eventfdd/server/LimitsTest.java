package io.eventfdd.server;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.notNullValue;

import static java.util.stream.Collectors.joining;

import io.eventfdd.internal.linux.PacketBuffer;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.linux.SeqPacketSocket.Sent;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.server.config.Setting;
import io.restassured.response.Response;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Every limit is a setting, is told by {@code GET /v1}, and is named by the problem of who meets
 * it.
 */
class LimitsTest {
    private static final Duration SOON = Duration.ofSeconds(15);

    private static final String OPEN = "{\"op\":\"open\",\"eventfds\":[{\"name\":\"a\"}]}";
    private static final String LEASE =
            "{\"op\":\"lease\",\"take\":[{\"name\":\"s\"}],\"holder\":\"process\"}";

    /** When the daemon gets its settings. */
    enum From {
        ITS_START,
        SIGHUP
    }

    private static DaemonUnderTest daemon(From from, String setting, String value)
            throws Exception {
        var settings = Map.of(setting, value);
        var daemon = new DaemonUnderTest(from == From.ITS_START ? settings : Map.of());
        daemon.request().put("/v1/eventfds/a").then().statusCode(201);
        if (from == From.SIGHUP) {
            daemon.reload(settings);
        }
        return daemon;
    }

    @ParameterizedTest
    @EnumSource(From.class)
    void allLimitsAreTold(From from) throws Exception {
        try (var daemon = daemon(from, "max-wait", "2h")) {
            var about = daemon.request().get("/v1").then().statusCode(200);
            about.body("limits.max-wait", equalTo("2h"));
            for (var setting : Setting.values()) {
                if (setting.isNumber() || setting.isDuration()) {
                    about.body("limits.'" + setting.key() + "'", notNullValue());
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(From.class)
    void eventfdsInAllAndOfOneUser(From from) throws Exception {
        for (var setting : new String[] {"max-eventfds", "max-eventfds-per-user"}) {
            try (var daemon = daemon(from, setting, "1")) {
                daemon.request()
                        .put("/v1/eventfds/b")
                        .then()
                        .statusCode(429)
                        .body("type", equalTo("urn:eventfdd:problem:limit"))
                        .body("detail", containsString(setting + ":"));
                daemon.request().delete("/v1/eventfds/a").then().statusCode(204);
                daemon.request().put("/v1/eventfds/b").then().statusCode(201);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(From.class)
    void waitersInAllAndOfOneUser(From from) throws Exception {
        for (var setting : new String[] {"max-waiters", "max-waiters-per-user"}) {
            try (var daemon = daemon(from, setting, "1");
                    var first =
                            daemon.connect().call("GET", "/v1/eventfds/a/wait?timeout=20s", "")) {
                until(() -> daemon.waiters("a") == 1);
                daemon.request()
                        .get("/v1/eventfds/a/wait")
                        .then()
                        .statusCode(429)
                        .body("detail", containsString(setting + ":"));
                daemon.request().post("/v1/eventfds/a/write").then().statusCode(200);
                assertThat(first.answer().status()).isEqualTo(200);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(From.class)
    void namesOfOneWait(From from) throws Exception {
        try (var daemon = daemon(from, "max-waiters-per-connection", "1")) {
            daemon.request().put("/v1/eventfds/b").then().statusCode(201);
            daemon.request()
                    .contentType("application/json")
                    .body("{\"eventfds\":[\"a\",\"b\"]}")
                    .post("/v1/wait")
                    .then()
                    .statusCode(429)
                    .body("detail", containsString("max-waiters-per-connection:"));
        }
    }

    @ParameterizedTest
    @EnumSource(From.class)
    void watchers(From from) throws Exception {
        for (var setting : new String[] {"max-watchers", "max-watchers-per-user"}) {
            try (var daemon = daemon(from, setting, "1");
                    var first = daemon.connect().call("GET", "/v1/eventfds/a/watch", "")) {
                assertThat(first.read()).isEqualTo('H');
                daemon.request()
                        .get("/v1/eventfds/a/watch")
                        .then()
                        .statusCode(429)
                        .body("detail", containsString(setting + ":"));
            }
        }
    }

    @Test
    void aLimitThatIsLoweredLeavesWhatThereIsAndAHigherOneLetsMoreIn() throws Exception {
        try (var daemon = daemon(From.SIGHUP, "max-eventfds", "1")) {
            daemon.reload(Map.of("max-eventfds", "2"));
            daemon.request().put("/v1/eventfds/b").then().statusCode(201);
            daemon.reload(Map.of("max-eventfds", "1"));
            daemon.request().put("/v1/eventfds/c").then().statusCode(429);
            daemon.request().get("/v1/eventfds").then().body("eventfds.size()", equalTo(2));
        }
    }

    @Test
    void connections() throws Exception {
        try (var daemon = new DaemonUnderTest(Map.of("max-connections", "1"));
                var first = daemon.connect().call("GET", "/v1", "")) {
            assertThat(first.answer().status()).isEqualTo(200);
            try (var second = daemon.connect().call("GET", "/v1", "")) {
                var answer = second.answer();
                assertThat(answer.status()).isEqualTo(429);
                assertThat(answer.body()).contains("urn:eventfdd:problem:limit", "max-connections");
            }
            assertThat(first.call("GET", "/v1", "").answer().status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @EnumSource(From.class)
    void theBody(From from) throws Exception {
        try (var daemon = daemon(from, "max-body", "1024")) {
            daemon.request()
                    .contentType("application/json")
                    .body("{" + " ".repeat(1024) + "}")
                    .post("/v1/eventfds/a/write")
                    .then()
                    .statusCode(413)
                    .body("type", equalTo("urn:eventfdd:problem:too-large"));
        }
    }

    @ParameterizedTest
    @EnumSource(From.class)
    void theWait(From from) throws Exception {
        try (var daemon = daemon(from, "max-wait", "1s")) {
            daemon.request()
                    .get("/v1/eventfds/a/wait?timeout=2s")
                    .then()
                    .statusCode(400)
                    .body("detail", containsString("max-wait, 1s"));
        }
    }

    @ParameterizedTest
    @EnumSource(From.class)
    void thePacket(From from) throws Exception {
        try (var daemon = daemon(from, "max-packet", "1024");
                var client = connect(daemon)) {
            var longer = OPEN + " ".repeat(1025 - OPEN.length());
            assertThat(ask(client, longer)).contains("problem:too-large", "max-packet: ");
            assertThat(ask(client, longer.substring(0, 1024))).contains("\"created\":false");
        }
    }

    @ParameterizedTest
    @EnumSource(From.class)
    void connectionsForDescriptors(From from) throws Exception {
        try (var daemon = daemon(from, "max-fd-connections", "1");
                var first = connect(daemon)) {
            assertThat(ask(first, OPEN)).contains("\"created\":false");
            try (var second = connect(daemon)) {
                assertThat(reply(second)).contains("problem:limit", "max-fd-connections: ");
            }
            assertThat(ask(first, OPEN)).contains("\"created\":false");
        }
    }

    @ParameterizedTest
    @EnumSource(From.class)
    void descriptorsThatNobodyHasReceived(From from) throws Exception {
        try (var daemon = daemon(from, "max-fds-in-flight", "253");
                var deaf = connect(daemon);
                var client = connect(daemon)) {
            // A user may have as many as are left for others.
            send(deaf, open(IntStream.range(0, 127).mapToObj(n -> "d" + n)));
            until(() -> ask(client, OPEN).contains("max-fds-in-flight: "));
            assertThat(reply(deaf)).contains("\"created\":true");
            assertThat(ask(client, OPEN)).contains("\"created\":false");
        }
    }

    private static String open(Stream<String> names) {
        return names.map(name -> "{\"name\":\"" + name + "\",\"create\":{}}")
                .collect(joining(",", "{\"op\":\"open\",\"eventfds\":[", "]}"));
    }

    private static SeqPacketSocket connect(DaemonUnderTest daemon) throws IOException {
        return SeqPacketSocket.connect(daemon.directory().resolve("fd.sock"), SOON);
    }

    private static String ask(SeqPacketSocket client, String packet) {
        send(client, packet);
        return reply(client);
    }

    private static void send(SeqPacketSocket client, String packet) {
        try {
            var bytes = packet.getBytes(StandardCharsets.UTF_8);
            assertThat(client.send(new PacketBuffer(bytes.length, 1), bytes, List.of()))
                    .isEqualTo(Sent.DONE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String reply(SeqPacketSocket client) {
        try {
            var buffer = new PacketBuffer(OpenRequest.MAX_PACKET, PacketBuffer.MAX_FDS);
            var reply = (Received.Packet) client.receive(buffer, SOON);
            reply.closeFds();
            return new String(reply.bytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @EnumSource(From.class)
    void idempotencyKeysOfOneUser(From from) throws Exception {
        try (var daemon = daemon(from, "max-keys", "1")) {
            keyed(daemon, "first").then().statusCode(200);
            keyed(daemon, "second")
                    .then()
                    .statusCode(429)
                    .body("detail", containsString("max-keys:"));
        }
    }

    @ParameterizedTest
    @EnumSource(From.class)
    void bytesOfTheAnswersOfOneUser(From from) throws Exception {
        try (var daemon = daemon(from, "max-key-bytes", "65536");
                var client = daemon.connect()) {
            for (int i = 0; i < 5_000; i++) {
                client.send(
                        "POST /v1/eventfds/a/write HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
                                + "Idempotency-Key: "
                                + i
                                + "\r\n\r\n");
                var answer = client.answer();
                if (answer.status() == 429) {
                    assertThat(i).isPositive();
                    assertThat(answer.body()).contains("problem:limit", "max-key-bytes: ");
                    return;
                }
                assertThat(answer.status()).isEqualTo(200);
            }
        }
        throw new AssertionError("5,000 answers are more than 65,536 bytes");
    }

    /** A client that does not take what it was sent, so that the value goes back. */
    @ParameterizedTest
    @EnumSource(From.class)
    void theTimeOfADelivery(From from) throws Exception {
        try (var daemon = daemon(from, "delivery-timeout", "1s");
                var deaf = daemon.connect()) {
            daemon.request().post("/v1/eventfds/a/write").then().statusCode(200);
            deaf.call("POST", "/v1/eventfds/a/read", "");
            until(() -> metrics(daemon).contains("eventfdd_put_backs_total 1.0\n"));
            until(() -> daemon.count("a").equals("1"));
        }
    }

    /** Who does not take the reply that grants a lease has none, also if it asks nothing more. */
    @ParameterizedTest
    @EnumSource(From.class)
    void theTimeOfTheDeliveryOfALease(From from) throws Exception {
        try (var daemon = daemon(from, "delivery-timeout", "1s");
                var deaf = connect(daemon);
                var client = connect(daemon)) {
            daemon.request()
                    .contentType("application/json")
                    .body("{\"semaphore\":true,\"initial\":2}")
                    .put("/v1/eventfds/s")
                    .then()
                    .statusCode(201);
            send(deaf, LEASE);
            assertThat(ask(client, LEASE)).contains("\"holder\":{\"kind\":\"process\"");
            until(() -> metrics(daemon).contains("eventfdd_lease_permits_returned_total 1.0\n"));
            until(() -> daemon.count("s").equals("1"));
            assertThat(reply(deaf)).contains("\"holder\":{\"kind\":\"process\"");
            assertThat(deaf.receive(new PacketBuffer(1, 1), SOON))
                    .isEqualTo(Received.Nothing.ANY_MORE);
            assertThat(ask(client, OPEN)).as("who took its reply stays").contains("created");
        }
    }

    private static String metrics(DaemonUnderTest daemon) {
        return daemon.request().get("/metrics").asString();
    }

    @ParameterizedTest
    @EnumSource(From.class)
    void theLifeOfAKey(From from) throws Exception {
        try (var daemon = daemon(from, "key-life", "1s")) {
            keyed(daemon, "key").then().statusCode(200);
            until(() -> {
                keyed(daemon, "key").then().statusCode(200);
                return daemon.count("a").equals("2");
            });
        }
    }

    private static Response keyed(DaemonUnderTest daemon, String key) {
        return daemon.request().header("Idempotency-Key", key).post("/v1/eventfds/a/write");
    }

    @ParameterizedTest
    @EnumSource(From.class)
    void theTimeBetweenTwoRequests(From from) throws Exception {
        try (var daemon = daemon(from, "idle-timeout", "1s")) {
            until(() -> answersUntilItIsClosed(daemon).startsWith("HTTP/1.1 200 "));
        }
    }

    /** Nothing if the daemon closed the connection before a slow client sent its request. */
    private static String answersUntilItIsClosed(DaemonUnderTest daemon) {
        try (var client = daemon.connect()) {
            return client.call("GET", "/v1", "").readToTheEnd();
        } catch (IOException e) {
            return "";
        }
    }

    @ParameterizedTest
    @EnumSource(From.class)
    void theTimeOfARequest(From from) throws Exception {
        try (var daemon = daemon(from, "request-timeout", "1s");
                var client = daemon.connect()) {
            client.send("GET /v1 HT");
            assertThat(client.answer().status()).isEqualTo(408);
        }
    }
}
