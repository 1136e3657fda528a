package io.eventfdd.server;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.NotFoundException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.PacketBuffer;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.server.testing.RawClient;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** {@code /metrics} tells what happened, in Prometheus' text format. */
class MetricsTest {
    private static final Duration SOON = Duration.ofSeconds(15);

    private DaemonUnderTest daemon;

    @BeforeEach
    void start() throws Exception {
        daemon = new DaemonUnderTest(Map.of());
        daemon.request().put("/v1/eventfds/n").then().statusCode(201);
    }

    @AfterEach
    void stop() throws Exception {
        daemon.close();
    }

    private String metrics() {
        return daemon.request().get("/metrics").then().statusCode(200).extract().asString();
    }

    @Test
    void callsAreCountedByOperationAndOutcome() {
        daemon.request().post("/v1/eventfds/n/write").then().statusCode(200);
        daemon.request().post("/v1/eventfds/n/read").then().statusCode(200);
        daemon.request().post("/v1/eventfds/n/read").then().statusCode(204);
        daemon.request().post("/v1/eventfds/gone/read").then().statusCode(404);
        daemon.request().get("/nowhere").then().statusCode(404);
        // A call is counted once its answer is sent, and each of these had its own connection.
        untilMetricsContain(
                calls("POST /v1/eventfds/{name}/write", "ok", 1),
                calls("POST /v1/eventfds/{name}/read", "ok", 1),
                calls("POST /v1/eventfds/{name}/read", "no-content", 1),
                calls("POST /v1/eventfds/{name}/read", "not-found", 1),
                calls("none", "not-found", 1));
    }

    private void untilMetricsContain(String... samples) {
        until(() -> {
            var metrics = metrics();
            return Stream.of(samples).allMatch(metrics::contains);
        });
    }

    private static String calls(String operation, String outcome, int count) {
        return "eventfdd_call_duration_seconds_count{operation=\""
                + operation
                + "\",outcome=\""
                + outcome
                + "\"} "
                + count
                + "\n";
    }

    @Test
    void requestsOfRawDescriptorsAreCallsToo() throws Exception {
        try (var raw = EventfddClient.connect(daemon.directory())) {
            raw.open("n").close();
            assertThatThrownBy(() -> raw.open("gone")).isInstanceOf(NotFoundException.class);
        }
        untilMetricsContain(
                calls("open", "not-found", 1),
                calls("open", "ok", 1),
                "eventfdd_fds_handed_out_total 1.0\n");
    }

    @Test
    void eachRequestOnFdSockIsCountedByWhatItAsksForHoweverItEnds() throws Exception {
        try (var client = connect();
                var eventfd = EventFd.create(0, false, true)) {
            ask(client, "{\"op\":\"lease\",\"holder\":\"nobody\"}");
            ask(client, "{\"op\":\"release\"}");
            ask(client, "{\"op\":\"donate\"}");
            ask(client, "{\"op\":\"takeover\",\"now\":true}");
            ask(client, "{\"op\":\"sing\"}");
            ask(client, "{\"op\":\"donate\",\"eventfds\":[]}", eventfd.fd());
        }
        untilMetricsContain(
                calls("lease", "invalid-request", 1),
                calls("release", "invalid-request", 1),
                calls("donate", "invalid-request", 2),
                calls("takeover", "invalid-request", 1),
                calls("none", "invalid-request", 1));
    }

    private SeqPacketSocket connect() throws IOException {
        return SeqPacketSocket.connect(daemon.directory().resolve("fd.sock"), SOON);
    }

    private static void ask(SeqPacketSocket client, String packet, Fd... fds) throws IOException {
        var room = new PacketBuffer(OpenRequest.MAX_PACKET, 1);
        client.send(room, packet.getBytes(StandardCharsets.UTF_8), List.of(fds));
        assertThat(client.receive(room, SOON)).isInstanceOf(Received.Packet.class);
    }

    @Test
    void namesOfEventfdsAreLabelsOnlyWhereThatIsSet() {
        daemon.request().put("/v1/eventfds/a-secret-name").then().statusCode(201);
        assertThat(metrics()).doesNotContain("a-secret-name");
        daemon.request().post("/v1/eventfds/n/write").then().statusCode(200);
        daemon.reload(Map.of("metrics-by-name", "on"));
        assertThat(metrics())
                .contains(
                        "eventfdd_eventfd_value{name=\"a-secret-name\"} 0.0\n",
                        "eventfdd_eventfd_value{name=\"n\"} 1.0\n",
                        "eventfdd_eventfd_waiters{name=\"n\"} 0.0\n");
        daemon.reload(Map.of());
        assertThat(metrics()).doesNotContain("a-secret-name");
    }

    @Test
    void aCallThatWaitedIsAWakeUpAndOneThatNeedNotIsNone() throws Exception {
        daemon.request().post("/v1/eventfds/n/write").then().statusCode(200);
        daemon.request().post("/v1/eventfds/n/read").then().statusCode(200);
        assertThat(metrics()).contains("eventfdd_wake_ups_total 0.0\n");
        try (var waiting = daemon.connect().call("GET", "/v1/eventfds/n/wait?timeout=20s", "")) {
            until(() -> daemon.waiters("n") == 1);
            daemon.request().post("/v1/eventfds/n/write").then().statusCode(200);
            assertThat(waiting.answer().status()).isEqualTo(200);
        }
        assertThat(metrics()).contains("eventfdd_wake_ups_total 1.0\n");
    }

    @Test
    void aCallThatCameAgainIsAReplay() {
        for (int i = 0; i < 2; i++) {
            daemon.request()
                    .header("Idempotency-Key", "k")
                    .post("/v1/eventfds/n/write")
                    .then()
                    .statusCode(200);
        }
        assertThat(metrics())
                .contains(
                        "eventfdd_idempotent_replays_total 1.0\n",
                        "eventfdd_idempotency_keys 1.0\n");
    }

    @Test
    void theLimitsInForceAreBesideWhatTheyLimit() {
        assertThat(metrics()).contains("eventfdd_max_eventfds_per_user 10000.0\n");
        daemon.reload(Map.of("max-eventfds-per-user", "7", "max-waiters", "8"));
        assertThat(metrics())
                .contains(
                        "eventfdd_max_eventfds_per_user 7.0\n",
                        "eventfdd_max_waiters 8.0\n",
                        "eventfdd_max_connections ");
    }

    @Test
    void theLoopsLagIsMeasuredAtEachWakeUp() {
        metrics();
        assertThat(metrics())
                .containsPattern("eventfdd_loop_lag_seconds_count [1-9]")
                .containsPattern("eventfdd_loop_longest_turn_seconds [0-9.E-]*[1-9]");
    }

    @Test
    void whatTheProcessIsIsTold() {
        assertThat(metrics())
                .contains("eventfdd_build_info{version=")
                .containsPattern("eventfdd_uptime_seconds [0-9]")
                .containsPattern("process_start_time_seconds [0-9]")
                .containsPattern("process_open_fds [1-9]")
                .containsPattern("process_max_fds [1-9]");
    }

    @Test
    void whatThereIsIsTold() throws Exception {
        try (var waiting = daemon.connect().call("GET", "/v1/eventfds/n/wait?timeout=20s", "")) {
            until(() -> daemon.waiters("n") == 1);
            assertThat(metrics())
                    .contains(
                            "eventfdd_eventfds 1.0\n",
                            "eventfdd_waiters 1.0\n",
                            "eventfdd_user_eventfds{uid=");
            daemon.request().post("/v1/eventfds/n/write").then().statusCode(200);
            assertThat(waiting.answer().status()).isEqualTo(200);
        }
    }

    @Test
    void aValueThatWentBackIsCounted() throws Exception {
        daemon.request().post("/v1/eventfds/n/write").then().statusCode(200);
        var client = daemon.connect().call("POST", "/v1/eventfds/n/read", "");
        until(() -> daemon.count("n").equals("0"));
        client.close();
        until(() -> metrics().contains("eventfdd_put_backs_total 1.0\n"));
    }

    @Test
    void aLeaseThatLapsesIsCountedAndOneThatIsReleasedIsNot() throws Exception {
        daemon.request()
                .contentType("application/json")
                .body("{\"semaphore\":true,\"initial\":5}")
                .put("/v1/eventfds/s")
                .then()
                .statusCode(201);
        var client = daemon.connect();
        assertThat(client.call("DELETE", lease(client, 1), "").answer().status()).isEqualTo(204);
        assertThat(metrics())
                .contains(
                        "eventfdd_lease_lapses_total 0.0\n",
                        "eventfdd_lease_permits_returned_total 1.0\n");
        lease(client, 2);
        lease(client, 2);
        client.close();
        untilMetricsContain(
                "eventfdd_lease_lapses_total 2.0\n",
                "eventfdd_lease_permits_returned_total 5.0\n",
                "eventfdd_leases{kind=\"connection\"} 0.0\n");
    }

    /** The path of a lease that {@code client} has taken, which its connection holds. */
    private static String lease(RawClient client, int permits) throws IOException {
        var request =
                """
                {"take":[{"name":"s","value":%d}],"holder":"connection"}\
                """
                        .formatted(permits);
        var answer = client.call("POST", "/v1/leases", request).answer();
        assertThat(answer.status()).as(answer.body()).isEqualTo(201);
        return answer.header("location");
    }

    @Test
    void everyLineIsOfTheTextFormat() {
        assertThat(metrics().lines())
                .allMatch(line ->
                        line.startsWith("# HELP ")
                                || line.startsWith("# TYPE ")
                                || line.matches(
                                        "[a-z_]+(\\{([a-z_]+=\"[^\"]*\",?)*})? [0-9.E+-]+"));
    }
}
