package io.eventfdd.server.client;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.eventfdd.server.DaemonUnderTest;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** A value that nobody wants goes back as soon as the daemon has a key to spare for that. */
@Timeout(300)
class PutBackLimitTest {
    private final List<Runnable> completions = new CopyOnWriteArrayList<>();

    @Test
    void whatACancelledFutureHadGoesBackOnceAKeyIsFree() throws Exception {
        try (var daemon = new DaemonUnderTest(Map.of("max-keys", "2"));
                var client =
                        EventfddClient.builder()
                                .runtimeDirectory(daemon.directory())
                                .transport(Transport.HTTP)
                                .executor(completions::add)
                                .connect();
                var eventfd = client.open("n", EventfdSpec.counter())) {
            var future = eventfd.readAsync();
            until(() -> daemon.waiters("n") == 1);
            daemon.request().post("/v1/eventfds/n/write").then().statusCode(200);
            until(() -> !completions.isEmpty());
            future.cancel(true);
            assertThat(client.state("n").count()).as("what the future had").isZero();

            client.open("other", EventfdSpec.counter()).close();
            useKey(daemon, "a");
            useKey(daemon, "b");
            completions.get(0).run();
            until(() -> daemon.request().get("/metrics").asString().contains("\"limit\""));
            assertThat(daemon.count("n")).isEqualTo("0");

            daemon.request().header("Idempotency-Key-Done", "b").get("/v1").then().statusCode(200);
            until(() -> daemon.count("n").equals("1"));
        }
    }

    private static void useKey(DaemonUnderTest daemon, String key) {
        daemon.request()
                .header("Idempotency-Key", key)
                .post("/v1/eventfds/other/write")
                .then()
                .statusCode(200);
    }
}
