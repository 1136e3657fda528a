package io.eventfdd.server;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.eventfdd.server.testing.RawClient;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * A client that reads its answer late knows whether the value is its own: it is, unless the end of
 * the connection follows the answer.
 */
@Timeout(300)
class DoubtTest {
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    /** A client that waited for its answer, of value 5, and does not look at it. */
    private static RawClient answeredUnread(DaemonUnderTest daemon) throws IOException {
        daemon.request().put("/v1/eventfds/n").then().statusCode(201);
        var client = daemon.connect().call("POST", "/v1/eventfds/n/read", "{\"timeout\":\"30s\"}");
        until(() -> daemon.waiters("n") == 1);
        daemon.request()
                .contentType("application/json")
                .body("{\"value\":5}")
                .post("/v1/eventfds/n/write")
                .then()
                .statusCode(200);
        client.awaitAnswer();
        return client;
    }

    /** Whether the end of the connection follows what was read, at this moment. */
    private static boolean endFollows(RawClient client) throws IOException {
        client.channel().configureBlocking(false);
        try {
            return client.channel().read(ByteBuffer.allocate(1)) < 0;
        } finally {
            client.channel().configureBlocking(true);
        }
    }

    @Test
    void aValueThatGoesBackAtThePlannedEndIsFollowedByTheEndOfTheConnection() throws Exception {
        var daemon = new DaemonUnderTest(Map.of());
        try (var slow = answeredUnread(daemon);
                var holder =
                        EventfddClient.builder()
                                .runtimeDirectory(daemon.directory())
                                .transport(Transport.RAW)
                                .connect();
                var held = holder.open("n")) {
            daemon.close();
            assertThat(held.count()).as("it went back").isEqualTo(5);
            assertThat(slow.answer().body()).contains("\"value\":5");
            assertThat(endFollows(slow)).isTrue();
        }
    }

    /**
     * The daemon stops waiting for the client in the very moment in which the client reads. The
     * loop stands still from then on, so that whatever was decided before cannot be carried out
     * yet.
     */
    @Test
    void aValueIsTheClientsIfNothingFollowsItsAnswer() throws Exception {
        try (var daemon =
                        new DaemonUnderTest(
                                Map.of("delivery-timeout", PATIENCE.toSeconds() + "s"));
                var client = answeredUnread(daemon)) {
            client.channel().shutdownOutput(); // the daemon waits for the answer to be taken
            var timeIsUp = new CountDownLatch(1);
            var goesOn = new CountDownLatch(1);
            daemon.loop()
                    .submit(() -> {
                        long end = System.nanoTime() + PATIENCE.plusMillis(100).toNanos();
                        until(() -> System.nanoTime() - end > 0);
                        daemon.loop() // behind what ends the daemon's patience
                                .submit(() -> {
                                    timeIsUp.countDown();
                                    await(goesOn);
                                });
                    });
            timeIsUp.await();
            assertThat(client.answer().body()).contains("\"value\":5");
            boolean inDoubt = endFollows(client);
            goesOn.countDown();
            assertThat(client.isAtEnd()).isTrue();
            if (!inDoubt) {
                assertThat(daemon.count("n")).isEqualTo("0");
            }
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
