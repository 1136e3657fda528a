package io.eventfdd.server;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.eventfdd.internal.linux.OpenFiles;
import io.eventfdd.server.testing.RawClient;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Which calls wait on an eventfd can be asked. */
@Timeout(300)
class WaitersTest {
    private DaemonUnderTest daemon;
    private final List<RawClient> clients = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        daemon = new DaemonUnderTest(Map.of());
        create("jobs", "{\"semaphore\":true}");
        create("stop", "{}");
    }

    @AfterEach
    void stop() throws IOException {
        for (var client : clients) {
            client.close();
        }
        daemon.close();
    }

    private void create(String name, String body) throws IOException {
        var client = client();
        assertThat(client.call("PUT", "/v1/eventfds/" + name, body).answer().status())
                .isEqualTo(201);
    }

    private RawClient client() throws IOException {
        var client = daemon.connect();
        clients.add(client);
        return client;
    }

    /** A call that waits on {@code name}, as one more does. */
    private RawClient waits(String name, String method, String path, String body)
            throws IOException {
        int before = daemon.waiters(name);
        var client = client().call(method, path, body);
        until(() -> daemon.waiters(name) == before + 1);
        return client;
    }

    private JsonNode page(String name, String query) throws IOException {
        var path = "/v1/eventfds/" + name + "/waiters" + query;
        return new ObjectMapper().readTree(daemon.request().get(path).asString());
    }

    /** What those that wait on {@code name} are and take, in their order. */
    private List<String> waiters(String name) throws IOException {
        var told = new ArrayList<String>();
        page(name, "")
                .path("waiters")
                .forEach(one -> told.add(one.path("kind").asText() + one.path("value").asText()));
        return told;
    }

    @Test
    void eachIsToldInOrderOfArrivalWithWhatItTakes() throws Exception {
        assertThat(waiters("jobs")).isEmpty();
        waits("jobs", "POST", "/v1/eventfds/jobs/read", "{\"timeout\":\"1m\",\"max\":5}");
        waits("jobs", "GET", "/v1/eventfds/jobs/wait?timeout=1m", "");
        waits(
                "jobs",
                "POST",
                "/v1/leases",
                "{\"take\":[{\"name\":\"jobs\",\"value\":7}],\"holder\":\"process\",\"timeout\":\"1m\"}");
        // It stands in the line of the other name, which is at 0 as well.
        waits(
                "jobs",
                "POST",
                "/v1/wait",
                "{\"eventfds\":[\"stop\",\"jobs\"],\"mode\":\"all\",\"consume\":true,\"timeout\":\"1m\"}");
        assertThat(waiters("jobs")).containsExactly("read5", "wait", "lease7", "read1");
        assertThat(waiters("stop")).containsExactly("read");
    }

    @Test
    void aWriteThatWaitsForRoomIsToldWithItsValue() throws Exception {
        create("full", "{\"initial\":4294967295}");
        waits(
                "full",
                "POST",
                "/v1/eventfds/full/write",
                "{\"value\":18446744073709551614,\"timeout\":\"1m\"}");
        assertThat(waiters("full")).containsExactly("write18446744073709551614");
    }

    @Test
    void eachIsToldWithItsProcessAndItsUserAndTheTime() throws Exception {
        var before = Instant.now().minusSeconds(1);
        var client = waits("stop", "GET", "/v1/eventfds/stop/wait?timeout=1m", "");
        var told = page("stop", "").path("waiters").get(0);
        assertThat(told.path("pid").asLong()).isEqualTo(ProcessHandle.current().pid());
        assertThat(told.path("uid").asInt()).isEqualTo(OpenFiles.effectiveUser());
        assertThat(Instant.parse(told.path("since").asText()))
                .isBetween(before, Instant.now().plus(Duration.ofSeconds(1)));
        client.close();
        until(() -> daemon.waiters("stop") == 0);
        assertThat(waiters("stop")).isEmpty();
    }

    @Test
    void aPageContinuesWithItsNext() throws Exception {
        for (int max = 1; max <= 5; max++) {
            waits(
                    "jobs",
                    "POST",
                    "/v1/eventfds/jobs/read",
                    "{\"timeout\":\"1m\",\"max\":" + max + "}");
        }
        var told = new ArrayList<String>();
        var next = "0";
        int pages = 0;
        while (!next.isEmpty()) {
            var page = page("jobs", "?limit=2&after=" + next);
            page.path("waiters").forEach(one -> told.add(one.path("value").asText()));
            next = page.path("next").asText();
            pages++;
        }
        assertThat(told).containsExactly("1", "2", "3", "4", "5");
        assertThat(pages).isEqualTo(3);
    }

    @Test
    void wrongUseIsNamed() {
        for (var query : List.of("?after=x", "?after=-1", "?after=", "?limit=0", "?limit=1001")) {
            daemon.request()
                    .get("/v1/eventfds/jobs/waiters" + query)
                    .then()
                    .statusCode(400)
                    .body("type", equalTo("urn:eventfdd:problem:invalid-value"));
        }
        daemon.request().get("/v1/eventfds/jobs/waiters?x=1").then().statusCode(400);
        daemon.request().get("/v1/eventfds/nothing/waiters").then().statusCode(404);
    }

    @Test
    void aStreamOfCountsIsNoCallThatWaits() throws Exception {
        var stream = client().call("GET", "/v1/eventfds/stop/watch", "");
        assertThat(stream.read()).isEqualTo('H');
        assertThat(waiters("stop")).isEmpty();
    }
}
