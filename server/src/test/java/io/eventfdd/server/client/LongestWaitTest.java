package io.eventfdd.server.client;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Named.named;

import io.eventfdd.client.Count;
import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.InvalidRequestException;
import io.eventfdd.client.LeaseSpec;
import io.eventfdd.client.Transport;
import io.eventfdd.server.DaemonUnderTest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The daemon lets calls wait for less time than it did when the client asked. */
@Timeout(300)
class LongestWaitTest {
    private static final Duration LONG = Duration.ofHours(2);

    private final List<Runnable> completions = new CopyOnWriteArrayList<>();
    private DaemonUnderTest daemon;

    @BeforeEach
    void start() throws Exception {
        daemon = new DaemonUnderTest(Map.of());
    }

    @AfterEach
    void stop() throws IOException {
        daemon.close();
    }

    /** Has the client of {@code eventfd} ask how long a call may wait. */
    private static void ask(Eventfd eventfd) throws InterruptedException {
        eventfd.write(1);
        assertThat(eventfd.read()).isEqualTo(1);
    }

    private void shorten() {
        daemon.reload(Map.of("max-wait", "1s"));
    }

    private static <T> FutureTask<T> begin(Callable<T> call) {
        var begun = new FutureTask<>(call);
        Thread.ofPlatform().daemon().start(begun);
        return begun;
    }

    private void untilWaiting(FutureTask<?> waiting) {
        until(() -> waiting.isDone() || daemon.waiters("s") == 1);
    }

    private static <T> T result(FutureTask<T> waiting) throws Exception {
        return waiting.get(20, TimeUnit.SECONDS);
    }

    private void post(String call, String body) {
        daemon.request()
                .contentType("application/json")
                .body(body)
                .post("/v1/eventfds/s/" + call)
                .then()
                .statusCode(200);
    }

    /** A call that waits on an eventfd. */
    @FunctionalInterface
    interface Wait {
        Object on(EventfddClient client, Eventfd eventfd) throws InterruptedException;
    }

    static Stream<Named<Wait>> waits() {
        return Stream.of(
                named("read", (client, eventfd) -> eventfd.read()),
                named("await", (client, eventfd) -> eventfd.await(LONG)),
                named("awaitAny", (client, eventfd) -> client.awaitAny(List.of(eventfd), LONG)),
                named("readAny", (client, eventfd) -> client.readAny(List.of(eventfd), LONG)),
                named("lease", (client, eventfd) -> client.lease(LeaseSpec.of("s", 1))));
    }

    @ParameterizedTest
    @MethodSource("waits")
    void waitIsMadeOfShorterOnes(Wait wait) throws Exception {
        try (var client = daemon.client(Transport.HTTP);
                var eventfd = client.open("s", EventfdSpec.semaphoreOf(0))) {
            ask(eventfd);
            shorten();
            var waiting = begin(() -> wait.on(client, eventfd));
            untilWaiting(waiting);
            post("write", "{}");
            assertThat(result(waiting)).isNotIn(false, List.of());
        }
    }

    @Test
    void writeWaitsForRoom() throws Exception {
        try (var client = daemon.client(Transport.HTTP);
                var eventfd = client.open("s", EventfdSpec.counter())) {
            ask(eventfd);
            eventfd.write(Count.MAX);
            shorten();
            var waiting = begin(() -> eventfd.write(1, LONG));
            untilWaiting(waiting);
            post("read", "{}");
            assertThat(result(waiting)).isTrue();
        }
    }

    @Test
    void rawClientWaitsForALease() throws Exception {
        try (var client = daemon.client(Transport.RAW);
                var eventfd = client.open("s", EventfdSpec.semaphoreOf(0))) {
            eventfd.write(1);
            client.lease(LeaseSpec.of("s", 1)).commit();
            shorten();
            var waiting = begin(() -> client.lease(LeaseSpec.of("s", 1)));
            untilWaiting(waiting);
            eventfd.write(1);
            result(waiting).close();
            assertThat(eventfd.count()).isEqualTo(1);
        }
    }

    @Test
    void rawClientWithoutHttpWaitsForTheDefaultTime(@TempDir Path directory) throws Exception {
        Files.createSymbolicLink(
                directory.resolve("fd.sock"), daemon.directory().resolve("fd.sock"));
        try (var client =
                        EventfddClient.builder()
                                .runtimeDirectory(directory)
                                .transport(Transport.RAW)
                                .connect();
                var eventfd = client.open("s", EventfdSpec.semaphoreOf(0))) {
            var waiting = begin(() -> client.lease(LeaseSpec.of("s", 1)));
            untilWaiting(waiting);
            eventfd.write(1);
            result(waiting).commit();
            shorten();
            assertThatThrownBy(() -> client.lease(LeaseSpec.of("s", 1)))
                    .isInstanceOf(InvalidRequestException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatACancelledFutureHadGoesBack(boolean closed) throws Exception {
        var client =
                EventfddClient.builder()
                        .runtimeDirectory(daemon.directory())
                        .transport(Transport.HTTP)
                        .executor(completions::add)
                        .connect();
        try {
            var future = client.open("s", EventfdSpec.counter()).readAsync();
            until(() -> daemon.waiters("s") == 1);
            post("write", "{\"value\":5}");
            until(() -> !completions.isEmpty());
            future.cancel(true);
            assertThat(daemon.count("s")).as("what the future had").isEqualTo("0");
            shorten();
            if (closed) {
                client.close();
            }
            completions.get(0).run();
            until(() -> daemon.count("s").equals("5"));
        } finally {
            client.close();
        }
    }
}
