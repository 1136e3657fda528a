package io.eventfdd.internal.http;

import static io.eventfdd.internal.http.HeldCalls.until;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.http.HeldCalls.Caller;
import io.eventfdd.internal.leases.Stop;
import io.eventfdd.internal.wire.LeaseHolder;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.internal.wire.LeaseShare;
import io.eventfdd.internal.wire.ProblemDocument;
import io.eventfdd.internal.wire.WaitRequest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A wait outlives several daemons, each of which is away for a moment, and lasts no longer. */
@Timeout(300)
class RestartsDuringAWaitTest {
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final Duration OUTAGE = Duration.ofMillis(400);
    private static final EventfdName A = new EventfdName("a");
    private static final Pattern TIMEOUT = Pattern.compile("timeout\\W+(\\w+)");
    private static final LeaseShare PERMIT = new LeaseShare(A, 1);

    @TempDir private Path directory;

    private final List<String> waits = new CopyOnWriteArrayList<>();
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
    private ScriptedDaemon daemon;
    private HttpDaemon http;

    @BeforeEach
    void start() throws IOException {
        var socket = directory.resolve("api.sock");
        daemon = new ScriptedDaemon(socket, this::answerTo);
        http = new HttpDaemon(socket, LONG, OUTAGE);
    }

    @AfterEach
    void stop() throws IOException {
        http.close();
        daemon.close();
    }

    // The daemons

    private String answerTo(String request) throws InterruptedException {
        if (request.startsWith("GET /v1 ")) {
            return answer(200, "{}");
        }
        waits.add(request);
        return answers.take();
    }

    private static String answer(int status, String body) {
        return ScriptedDaemon.answer(status, "one", body);
    }

    private static String shuttingDown() {
        var problem = ProblemType.SHUTTING_DOWN.problem("it ends");
        return answer(503, new String(ProblemDocument.bytes(problem), US_ASCII));
    }

    // The waits

    /** A wait, and the answer that ends it. */
    record Wait(String name, On on, String answer) {
        @FunctionalInterface
        interface On {
            Object daemon(HttpDaemon http, Deadline deadline) throws InterruptedException;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** Those that have no idempotency key, so that they may be made anew at any time. */
    static Stream<Wait> withoutKey() {
        return Stream.of(
                new Wait(
                        "await",
                        (http, deadline) -> http.await(A, deadline, new CallHandle()),
                        answer(200, "{\"name\":\"a\",\"count\":7}")),
                new Wait(
                        "awaitAny",
                        (http, deadline) ->
                                http.await(
                                        List.of(A),
                                        WaitRequest.Mode.ANY,
                                        false,
                                        deadline,
                                        new CallHandle()),
                        answer(200, "{\"ready\":[{\"name\":\"a\",\"count\":7}]}")),
                lease(new LeaseHolder.OfProcess()),
                lease(new LeaseHolder.OfConnection()));
    }

    static Stream<Wait> all() {
        return Stream.concat(
                withoutKey(),
                Stream.of(
                        new Wait(
                                "read",
                                (http, deadline) -> http.read(A, deadline, new CallHandle()),
                                answer(200, "{\"name\":\"a\",\"value\":7}")),
                        new Wait(
                                "write",
                                (http, deadline) -> http.write(A, 1, deadline, new CallHandle()),
                                answer(200, "{\"name\":\"a\",\"value\":1}"))));
    }

    private static Wait lease(LeaseHolder holder) {
        return new Wait(
                "lease of a " + holder.text(),
                (http, deadline) ->
                        http.leases()
                                .take(
                                        new LeaseRequest(
                                                List.of(PERMIT),
                                                List.of(),
                                                holder,
                                                deadline.left()),
                                        new Stop())
                                .orElseThrow(),
                answer(
                        201,
                        "{\"id\":\"x\",\"take\":[{\"name\":\"a\",\"value\":1}],\"give\":[],"
                                + "\"holder\":{\"kind\":\"process\",\"pid\":1,\"uid\":0},"
                                + "\"since\":\"2026-01-01T00:00:00Z\"}"));
    }

    /** Three daemons have the call, each longer than an outage may be; the last one answers it. */
    private void outlives(Wait wait, String endOfADaemon) throws Exception {
        var caller = new Caller<>(() -> wait.on.daemon(http, Deadline.in(LONG)));
        if (wait.name.equals("write")) { // it is tried without a wait before
            until(() -> waits.size() == 1);
            var problem = ProblemType.WOULD_BLOCK.problem("full");
            answers.add(answer(409, new String(ProblemDocument.bytes(problem), US_ASCII)));
            until(() -> waits.size() == 2);
            waits.remove(0);
        }
        for (int had = 1; had <= 3; had++) {
            int now = had;
            until(() -> waits.size() == now);
            long since = System.nanoTime();
            until(() -> System.nanoTime() - since > OUTAGE.toNanos());
            answers.add(had == 3 ? wait.answer : endOfADaemon);
        }
        assertThat(caller.result()).isNotNull();
        assertThat(waits.stream().map(RestartsDuringAWaitTest::timeout))
                .isSortedAccordingTo((a, b) -> b.compareTo(a))
                .doesNotHaveDuplicates();
    }

    private static Duration timeout(String request) {
        var matcher = TIMEOUT.matcher(request);
        assertThat(matcher.find()).as(request).isTrue();
        return io.eventfdd.internal.wire.Timeout.parse("timeout", matcher.group(1), LONG);
    }

    @ParameterizedTest
    @MethodSource("all")
    void itOutlivesDaemonsThatStop(Wait wait) throws Exception {
        outlives(wait, shuttingDown());
    }

    @ParameterizedTest
    @MethodSource("withoutKey")
    void itOutlivesDaemonsThatAreKilled(Wait wait) throws Exception {
        outlives(wait, ScriptedDaemon.END);
    }
}
