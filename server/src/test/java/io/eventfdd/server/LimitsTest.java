package io.eventfdd.server;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.notNullValue;

import io.eventfdd.linux.PacketBuffer;
import io.eventfdd.linux.Received;
import io.eventfdd.linux.SeqPacketSocket;
import io.eventfdd.protocol.OpenRequest;
import io.eventfdd.server.config.Setting;
import io.restassured.response.Response;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Every limit is a setting, is told by {@code GET /v1}, and is named by the problem of who meets
 * it.
 */
class LimitsTest {
    private static final Duration SOON = Duration.ofSeconds(15);

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
                assertThat(answer.body()).contains("urn:eventfdd:problem:limit");
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
                var client = SeqPacketSocket.connect(daemon.directory().resolve("fd.sock"), SOON)) {
            var request = "{\"op\":\"open\",\"eventfds\":[{\"name\":\"a\"}]}";
            var longer = request + " ".repeat(1025 - request.length());
            assertThat(ask(client, longer)).contains("problem:too-large", "max-packet: ");
            assertThat(ask(client, longer.substring(0, 1024))).contains("\"created\":false");
        }
    }

    private static String ask(SeqPacketSocket client, String packet) throws Exception {
        var buffer = new PacketBuffer(OpenRequest.MAX_PACKET, 1);
        client.send(buffer, packet.getBytes(StandardCharsets.UTF_8), List.of());
        var reply = (Received.Packet) client.receive(buffer, SOON);
        reply.closeFds();
        return new String(reply.bytes(), StandardCharsets.UTF_8);
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
        try (var daemon = daemon(from, "idle-timeout", "1s");
                var client = daemon.connect()) {
            assertThat(client.call("GET", "/v1", "").answer().status()).isEqualTo(200);
            assertThat(client.read()).as("the daemon closes it").isEqualTo(-1);
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
