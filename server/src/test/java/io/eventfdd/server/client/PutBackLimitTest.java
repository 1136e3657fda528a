package io.eventfdd.server.client;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.eventfdd.server.DaemonUnderTest;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What becomes of a value that nobody wants if it cannot go back at once. */
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

    @Test
    void whereThereIsNoDaemonAnyMoreTheLogSaysSoAndNothingElse() throws Exception {
        var told = new CopyOnWriteArrayList<String>();
        var client = withACancelledFuture();
        var log = new Log(told);
        var uncaught = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, e) -> told.add("uncaught: " + e));
        try {
            completions.get(0).run();
            until(() -> !told.isEmpty());
            assertThat(told).containsExactly("cannot put back 1 to eventfd n");
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(uncaught);
            log.close();
            client.close();
        }
    }

    /** A client whose cancelled future has a value from a daemon that is gone. */
    private EventfddClient withACancelledFuture() throws Exception {
        try (var daemon = new DaemonUnderTest(Map.of())) {
            var client =
                    EventfddClient.builder()
                            .runtimeDirectory(daemon.directory())
                            .transport(Transport.HTTP)
                            .executor(completions::add)
                            .outage(Duration.ZERO)
                            .connect();
            var future = client.open("n", EventfdSpec.counter()).readAsync();
            until(() -> daemon.waiters("n") == 1);
            daemon.request().post("/v1/eventfds/n/write").then().statusCode(200);
            until(() -> !completions.isEmpty());
            future.cancel(true);
            return client;
        }
    }

    /** What the library logs over HTTP, while this is open. */
    private static final class Log extends Handler {
        private final Logger logger = Logger.getLogger("io.eventfdd.internal.http");
        private final List<String> messages;

        Log(List<String> messages) {
            this.messages = messages;
            logger.setLevel(Level.FINE);
            logger.addHandler(this);
        }

        @Override
        public void publish(LogRecord logged) {
            messages.add(logged.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {
            logger.removeHandler(this);
            logger.setLevel(null);
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
