package io.eventfdd.server;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.notNullValue;

import io.eventfdd.server.config.Setting;

import org.junit.jupiter.api.Test;

import java.util.Map;

/**
 * Every limit is a setting, is told by {@code GET /v1}, and is named by the problem of who meets
 * it.
 */
class LimitsTest {
    private static DaemonUnderTest daemon(String setting, String value) throws Exception {
        var daemon = new DaemonUnderTest(Map.of(setting, value));
        daemon.request().put("/v1/eventfds/a").then().statusCode(201);
        return daemon;
    }

    @Test
    void allLimitsAreTold() throws Exception {
        try (var daemon = daemon("max-wait", "2h")) {
            var about = daemon.request().get("/v1").then().statusCode(200);
            about.body("limits.max-wait", equalTo("2h"));
            for (var setting : Setting.values()) {
                if (setting.isNumber() || setting.isDuration()) {
                    about.body("limits.'" + setting.key() + "'", notNullValue());
                }
            }
        }
    }

    @Test
    void eventfdsInAllAndOfOneUser() throws Exception {
        for (var setting : new String[] {"max-eventfds", "max-eventfds-per-user"}) {
            try (var daemon = daemon(setting, "1")) {
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

    @Test
    void waitersInAllAndOfOneUser() throws Exception {
        for (var setting : new String[] {"max-waiters", "max-waiters-per-user"}) {
            try (var daemon = daemon(setting, "1");
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

    @Test
    void namesOfOneWait() throws Exception {
        try (var daemon = daemon("max-waiters-per-connection", "1")) {
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

    @Test
    void watchers() throws Exception {
        for (var setting : new String[] {"max-watchers", "max-watchers-per-user"}) {
            try (var daemon = daemon(setting, "1");
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

    @Test
    void theBody() throws Exception {
        try (var daemon = daemon("max-body", "1024")) {
            daemon.request()
                    .contentType("application/json")
                    .body("{" + " ".repeat(1024) + "}")
                    .post("/v1/eventfds/a/write")
                    .then()
                    .statusCode(413)
                    .body("type", equalTo("urn:eventfdd:problem:too-large"));
        }
    }

    @Test
    void theWait() throws Exception {
        try (var daemon = daemon("max-wait", "1s")) {
            daemon.request()
                    .get("/v1/eventfds/a/wait?timeout=2s")
                    .then()
                    .statusCode(400)
                    .body("detail", containsString("max-wait, 1s"));
        }
    }
}
