package io.eventfdd.server;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;

import io.restassured.response.Response;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.util.Map;

/** {@code Idempotency-Key-Done} on a request is acted on before its call, whatever that is. */
@Timeout(300)
class DoneKeysHttpTest {
    private static final String DONE = "Idempotency-Key-Done";

    private DaemonUnderTest daemon;

    @BeforeEach
    void start() throws Exception {
        daemon = new DaemonUnderTest(Map.of("max-keys", "2"));
        daemon.request().put("/v1/eventfds/n").then().statusCode(201);
    }

    @AfterEach
    void stop() throws IOException {
        daemon.close();
    }

    private Response write(String key, int value) {
        return daemon.request()
                .header("Idempotency-Key", key)
                .contentType("application/json")
                .body("{\"value\":" + value + "}")
                .post("/v1/eventfds/n/write");
    }

    private void written(String key, int value) {
        write(key, value).then().statusCode(200).body("value", equalTo(value));
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /v1, 200",
        "GET, /v1/eventfds?limit=0, 400",
        "GET, /v1/eventfds/nobody, 404",
        "GET, /nowhere, 404",
        "GET, /metrics, 200",
        "GET, /v1/eventfds/n/wait?timeout=0s, 200",
        "PUT, /v1/eventfds/n, 200",
        "PUT, /v1/eventfds/.., 400",
        "DELETE, /v1/eventfds/nobody, 404",
        "PATCH, /v1, 405",
        "POST, /v1/eventfds/nobody/read, 404",
        "POST, /v1/wait, 400",
    })
    void itIsHeardOnEveryRequest(String method, String path, int status) {
        written("k", 1);
        daemon.request().header(DONE, "k").request(method, path).then().statusCode(status);
        written("k", 2);
        assertThat(daemon.count("n")).isEqualTo("3");
    }

    @Test
    void aRequestThatIsRefusedForItsBodyIsHeardToo() {
        written("k", 1);
        daemon.request()
                .header(DONE, "k")
                .contentType("text/plain")
                .body("1")
                .post("/v1/eventfds/n/write")
                .then()
                .statusCode(415);
        written("k", 2);
    }

    @Test
    void severalLinesAreOneList() {
        written("a", 1);
        written("b", 1);
        daemon.request().header(DONE, "a").header(DONE, "x ,b").get("/v1").then().statusCode(200);
        written("a", 2);
        written("b", 2);
    }

    @Test
    void whoHasAllKeysCanBeDoneWithOneAndUseAnotherInOneRequest() {
        written("a", 1);
        written("b", 1);
        write("c", 1).then().statusCode(429);
        daemon.request()
                .header(DONE, "a")
                .header("Idempotency-Key", "c")
                .post("/v1/eventfds/n/write")
                .then()
                .statusCode(200);
        assertThat(daemon.count("n")).isEqualTo("3");
    }

    @Test
    void aKeyThatIsDoneAndUsedInOneRequestIsANewOne() {
        written("k", 1);
        daemon.request()
                .header(DONE, "k")
                .header("Idempotency-Key", "k")
                .contentType("application/json")
                .body("{\"value\":1}")
                .post("/v1/eventfds/n/write")
                .then()
                .statusCode(200);
        written("k", 1);
        assertThat(daemon.count("n")).isEqualTo("2");
    }

    @Test
    void aCallThatStillRunsKeepsItsKey() throws IOException {
        try (var client = daemon.connect()) {
            client.send(read("k"));
            until(() -> daemon.waiters("n") == 1);
            daemon.request().header(DONE, "k").get("/v1").then().statusCode(200);
            assertThat(daemon.waiters("n")).isEqualTo(1);
            written("w", 4);
            assertThat(client.answer().body()).contains("\"value\":4");
            try (var again = daemon.connect()) {
                again.send(read("k"));
                assertThat(again.answer().body()).contains("\"value\":4");
            }
        }
    }

    @Test
    void aValueThatNobodyTookDoesNotGoBack() throws IOException {
        written("w", 4);
        try (var client = daemon.connect()) {
            client.send(read("k"));
            client.awaitAnswer();
            daemon.request().header(DONE, "w, k").get("/v1").then().statusCode(200);
        }
        written("w", 5);
        try (var client = daemon.connect()) {
            client.send(read("k"));
            assertThat(client.answer().body()).as("a new call").contains("\"value\":5");
        }
    }

    private static String read(String key) {
        return "POST /v1/eventfds/n/read HTTP/1.1\r\n"
                + "Host: x\r\n"
                + "Idempotency-Key: "
                + key
                + "\r\nContent-Type: application/json\r\n"
                + "Content-Length: 17\r\n\r\n"
                + "{\"timeout\":\"20s\"}";
    }

    @Test
    void hundredsOfKeysAreDoneAtOnce() throws Exception {
        daemon.reload(Map.of("max-keys", "300"));
        var all = new StringBuilder();
        try (var client = daemon.connect()) {
            for (int i = 0; i < 300; i++) {
                client.send(
                        "POST /v1/eventfds/n/write HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
                                + ("Idempotency-Key: k" + i + "\r\n\r\n"));
                assertThat(client.answer().status()).isEqualTo(200);
                all.append("k").append(i).append(',');
            }
        }
        write("one-more", 1).then().statusCode(429);
        daemon.request().header(DONE, all.toString()).get("/v1").then().statusCode(200);
        until(() ->
                daemon.request()
                        .get("/metrics")
                        .asString()
                        .contains("eventfdd_idempotency_keys 0.0\n"));
    }

    @Test
    void whatARequestSaysAtTheStopIsHeard() {
        written("a", 1);
        daemon.refuseCalls();
        daemon.request().header(DONE, "a").get("/v1").then().statusCode(503);
        assertThat(daemon.keysLeft()).isEmpty();
    }
}
