package io.eventfdd.server;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.server.testing.RawClient;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.Map;

/** A value is its client's once the client has taken all of the response off its socket. */
class DeliveryTest {
    private static final String READ = "/v1/eventfds/n/read";

    private DaemonUnderTest daemon;

    @BeforeEach
    void start() throws Exception {
        daemon = new DaemonUnderTest(Map.of());
        put("{\"initial\":5}");
    }

    @AfterEach
    void stop() throws Exception {
        daemon.close();
    }

    private void put(String spec) {
        daemon.request()
                .contentType("application/json")
                .body(spec)
                .put("/v1/eventfds/n")
                .then()
                .statusCode(201);
    }

    /** A client whose answer has come and was not looked at. */
    private RawClient answeredUnread(String body) throws Exception {
        var client = daemon.connect().call("POST", READ, body);
        until(() -> daemon.count("n").equals("0"));
        return client;
    }

    @Test
    void whatAClientTookIsGone() throws Exception {
        try (var client = daemon.connect()) {
            assertThat(client.call("POST", READ, "").answer().body()).contains("\"value\":5");
        }
        assertThat(daemon.count("n")).isEqualTo("0");
    }

    @Test
    void anAnswerLeftUnreadGoesBackWhenTheClientCloses() throws Exception {
        answeredUnread("").close();
        until(() -> daemon.count("n").equals("5"));
    }

    @Test
    void anAnswerReadInPartGoesBack() throws Exception {
        try (var client = answeredUnread("")) {
            client.channel().configureBlocking(true);
            assertThat(client.channel().read(java.nio.ByteBuffer.allocate(10))).isEqualTo(10);
        }
        until(() -> daemon.count("n").equals("5"));
    }

    @Test
    void aClientThatStopsSendingStillGetsItsAnswer() throws Exception {
        try (var client = daemon.connect().call("POST", READ, "")) {
            client.channel().shutdownOutput();
            assertThat(client.answer().body()).contains("\"value\":5");
        }
        assertThat(daemon.count("n")).isEqualTo("0");
    }

    @Test
    void aClientThatStopsSendingAndThenClosesUnreadLosesNothing() throws Exception {
        try (var client = answeredUnread("")) {
            client.channel().shutdownOutput();
        }
        until(() -> daemon.count("n").equals("5"));
    }

    @Test
    void theNextRequestWaitsUntilTheLastAnswerWasTaken() throws Exception {
        try (var client = daemon.connect()) {
            client.call("POST", READ, "").call("POST", "/v1/eventfds/n/write", "{\"value\":7}");
            until(() -> daemon.count("n").equals("0"));
            assertThat(client.answer().body()).contains("\"value\":5");
            assertThat(client.answer().body()).contains("\"value\":7");
        }
        assertThat(daemon.count("n")).isEqualTo("7");
    }

    @Test
    void whoLeavesAnAnswerUnreadForTooLongIsDisconnectedAndTheValueGoesBack() throws Exception {
        daemon.reload(Map.of("delivery-timeout", "1s"));
        try (var client = daemon.connect().call("POST", READ, "")) {
            client.awaitAnswer();
            until(() -> daemon.count("n").equals("5"));
            client.answer();
            assertThat(client.isAtEnd()).isTrue();
        }
    }

    @Test
    void whatGoesBackServesTheNextInLine() throws Exception {
        var first = answeredUnread("");
        try (var second = daemon.connect().call("POST", READ, "{\"timeout\":\"20s\"}")) {
            until(() -> daemon.waiters("n") == 1);
            first.close();
            assertThat(second.answer().body()).contains("\"value\":5");
        }
    }

    @Test
    void aDeletedEventfdTakesWhatGoesBackWithIt() throws Exception {
        var client = answeredUnread("");
        daemon.request().delete("/v1/eventfds/n").then().statusCode(204);
        put("{\"initial\":1}");
        client.close();
        assertThat(daemon.count("n")).isEqualTo("1");
    }

    @Test
    void aValueOfAWaitOnManyGoesBackToEachOfThem() throws Exception {
        daemon.request()
                .contentType("application/json")
                .body("{\"initial\":3,\"semaphore\":true}")
                .put("/v1/eventfds/m")
                .then()
                .statusCode(201);
        var client =
                daemon.connect()
                        .call(
                                "POST",
                                "/v1/wait",
                                "{\"eventfds\":[\"n\",\"m\"],\"mode\":\"all\",\"consume\":true}");
        until(() -> daemon.count("n").equals("0") && daemon.count("m").equals("2"));
        client.close();
        until(() -> daemon.count("n").equals("5") && daemon.count("m").equals("3"));
    }

    @Test
    void aWaiterWhoseClientHasGoneIsDroppedAtOnceAndTakesNothing() throws Exception {
        daemon.request().post(READ).then().statusCode(200);
        var client = daemon.connect().call("POST", READ, "{\"timeout\":\"1h\"}");
        until(() -> daemon.waiters("n") == 1);
        client.close();
        until(() -> daemon.waiters("n") == 0);
        daemon.request().post("/v1/eventfds/n/write").then().statusCode(200);
        assertThat(daemon.count("n")).isEqualTo("1");
    }
}
