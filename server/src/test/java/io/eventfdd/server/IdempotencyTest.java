package io.eventfdd.server;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import io.eventfdd.client.Transport;
import io.eventfdd.server.testing.KernelSignal;
import io.restassured.response.ValidatableResponse;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.util.Map;

/** A call that comes again with its key gets its answer again and does nothing twice. */
class IdempotencyTest {
    private DaemonUnderTest daemon;

    @BeforeEach
    void start() throws Exception {
        daemon = new DaemonUnderTest(Map.of("max-keys", "3"));
        daemon.request()
                .contentType("application/json")
                .body("{\"initial\":5}")
                .put("/v1/eventfds/n")
                .then()
                .statusCode(201);
    }

    @AfterEach
    void stop() throws Exception {
        daemon.close();
    }

    /** Answers from now on are kept for a second only. */
    private void keepBriefly() {
        daemon.reload(Map.of("max-keys", "3", "key-life", "1s"));
    }

    private ValidatableResponse post(String verb, String key, String body) {
        return daemon.request()
                .header("Idempotency-Key", key)
                .contentType("application/json")
                .body(body)
                .post("/v1/eventfds/n/" + verb)
                .then();
    }

    @Test
    void aReadThatComesAgainGetsItsValueAgainAndTakesNothing() {
        post("read", "k", "{}").statusCode(200).body("value", equalTo(5));
        post("write", "w", "{\"value\":3}").statusCode(200);
        post("read", "k", "{}").statusCode(200).body("value", equalTo(5));
        assertThat(daemon.count("n")).isEqualTo("3");
    }

    @Test
    void aWriteThatComesAgainAddsOnce() {
        for (int i = 0; i < 3; i++) {
            post("write", "k", "{\"value\":4}").statusCode(200).body("value", equalTo(4));
        }
        assertThat(daemon.count("n")).isEqualTo("9");
    }

    @Test
    void aTargetInAbsoluteFormIsTheSameRequest() throws Exception {
        post("write", "k", "{\"value\":4}").statusCode(200);
        try (var client = daemon.connect()) {
            client.send(
                    "POST http://localhost/v1/eventfds/n/write HTTP/1.1\r\n"
                            + "Host: x\r\n"
                            + "Idempotency-Key: k\r\n"
                            + "Content-Type: application/json\r\n"
                            + "Content-Length: 11\r\n\r\n"
                            + "{\"value\":4}");
            assertThat(client.answer().status()).isEqualTo(200);
        }
        assertThat(daemon.count("n")).isEqualTo("9");
    }

    @Test
    void aRequestWithTwoKeysIsRefusedAndDoesNothing() {
        daemon.request()
                .header("Idempotency-Key", "k")
                .header("Idempotency-Key", "l")
                .post("/v1/eventfds/n/write")
                .then()
                .statusCode(400)
                .body("type", equalTo("urn:eventfdd:problem:invalid-request"))
                .body("detail", containsString("Idempotency-Key"));
        assertThat(daemon.count("n")).isEqualTo("5");
        post("write", "k", "{\"value\":4}").statusCode(200);
    }

    @Test
    void anotherRequestWithTheKeyIsRefused() {
        post("write", "k", "{\"value\":4}").statusCode(200);
        post("write", "k", "{\"value\":5}")
                .statusCode(422)
                .body("type", equalTo("urn:eventfdd:problem:idempotency-key-reused"));
        post("read", "k", "{\"value\":4}").statusCode(422);
    }

    @Test
    void aKeyWhoseCallIsStillRunningIsInUse() throws Exception {
        post("read", "r", "{}").statusCode(200);
        try (var client = daemon.connect()) {
            client.send(
                    "POST /v1/eventfds/n/read HTTP/1.1\r\n"
                            + "Host: x\r\n"
                            + "Idempotency-Key: k\r\n"
                            + "Content-Type: application/json\r\n"
                            + "Content-Length: 17\r\n\r\n"
                            + "{\"timeout\":\"20s\"}");
            until(() -> daemon.waiters("n") == 1);
            post("read", "k", "{\"timeout\":\"20s\"}")
                    .statusCode(409)
                    .body("type", equalTo("urn:eventfdd:problem:idempotency-key-in-use"));
            // What becomes of it is not known yet, so another call is not told that it differs.
            post("write", "k", "{}")
                    .statusCode(409)
                    .body("type", equalTo("urn:eventfdd:problem:idempotency-key-in-use"));
            daemon.request().post("/v1/eventfds/n/write").then().statusCode(200);
            assertThat(client.answer().body()).contains("\"value\":1");
        }
    }

    @Test
    void aProblemThatMayPassLeavesTheKeyUnused() {
        daemon.request().delete("/v1/eventfds/n").then().statusCode(204);
        post("write", "k", "{}").statusCode(404);
        daemon.request().put("/v1/eventfds/n").then().statusCode(201);
        post("write", "k", "{}").statusCode(200);
        assertThat(daemon.count("n")).isEqualTo("1");
    }

    @Test
    void wouldBlockIsAnAnswerThatIsKept() {
        post("write", "full", "{\"value\":18446744073709551609}").statusCode(200);
        post("write", "k", "{}")
                .statusCode(409)
                .body("type", equalTo("urn:eventfdd:problem:would-block"));
        daemon.request().post("/v1/eventfds/n/read").then().statusCode(200);
        post("write", "k", "{}").statusCode(409);
        assertThat(daemon.count("n")).isEqualTo("0");
    }

    @Test
    void aValueThatWasNotTakenIsKeptForItsKeyAndGoesBackWhenTheKeyLapses() throws Exception {
        keepBriefly();
        readAndLeave();
        until(() -> daemon.count("n").equals("5"));
        post("read", "k", "{}").statusCode(200).body("value", equalTo(5));
    }

    /** Its client has gone before it has taken the value. */
    private void readAndLeave() throws IOException {
        try (var client = daemon.connect()) {
            client.send(
                    "POST /v1/eventfds/n/read HTTP/1.1\r\n"
                            + "Host: x\r\n"
                            + "Idempotency-Key: k\r\n"
                            + "Content-Length: 0\r\n\r\n");
            until(() -> daemon.count("n").equals("0"));
        }
    }

    /** No write can bring it back as a whole, and the attempt must not end the daemon. */
    @Test
    void aCountThatOnlyTheKernelCanMakeGoesBackTooWhenTheKeyLapses() throws Exception {
        keepBriefly();
        post("write", "w", "{\"value\":18446744073709551609}").statusCode(200);
        try (var holder = daemon.client(Transport.RAW)) {
            KernelSignal.add(holder.open("n").fd().orElseThrow());
        }
        assertThat(daemon.count("n")).isEqualTo("18446744073709551615");
        readAndLeave();
        until(() -> daemon.count("n").equals("18446744073709551614"));
        daemon.request().post("/v1/eventfds/n/read").then().statusCode(200);
        until(() -> daemon.count("n").equals("1"));
    }

    @Test
    void theKeysOfAUserAreLimited() {
        for (int i = 0; i < 3; i++) {
            post("write", "k" + i, "{}").statusCode(200);
        }
        post("write", "k3", "{}").statusCode(429).body("detail", containsString("max-keys"));
    }

    @Test
    void aKeyThatLapsesMakesRoomForAnother() {
        keepBriefly();
        for (int i = 0; i < 3; i++) {
            post("write", "k" + i, "{}").statusCode(200);
        }
        until(() -> post("write", "k3", "{}").extract().statusCode() == 200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"two words", "caf\u00e9"})
    void aKeyIsVisibleAscii(String key) {
        post("write", key, "{}").statusCode(400);
        assertThat(daemon.count("n")).isEqualTo("5");
    }
}
