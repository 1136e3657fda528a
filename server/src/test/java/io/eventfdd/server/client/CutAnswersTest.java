package io.eventfdd.server.client;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.Count;
import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.LimitException;
import io.eventfdd.client.Signal;
import io.eventfdd.client.Transport;
import io.eventfdd.server.DaemonUnderTest;
import io.eventfdd.server.testing.CuttingProxy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** What the library makes of answers that do not come, over HTTP. */
@Timeout(300)
class CutAnswersTest {
    private static final Pattern KEYS =
            Pattern.compile("(?m)^eventfdd_idempotency_keys (\\d+)\\.0$");
    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir private Path directory;

    private DaemonUnderTest daemon;
    private CuttingProxy proxy;
    private EventfddClient client;

    @BeforeEach
    void start() throws Exception {
        start(Map.of());
    }

    private void start(Map<String, String> settings) throws Exception {
        daemon = new DaemonUnderTest(settings);
        proxy = new CuttingProxy(directory.resolve("api.sock"), daemon.api());
        client = client(LONG);
    }

    private static EventfdSpec counter(long initial) {
        return EventfdSpec.counter().withInitial(initial);
    }

    private EventfddClient client(Duration outage) {
        return EventfddClient.builder()
                .runtimeDirectory(directory)
                .transport(Transport.HTTP)
                .outage(outage)
                .connect();
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        proxy.close();
        daemon.close();
    }

    // A connection that breaks

    @Test
    void aWriteWhoseAnswerIsCutAddsOnce() throws Exception {
        var eventfd = client.open("n", EventfdSpec.counter());
        for (int i = 1; i <= 5; i++) {
            proxy.cut(2);
            eventfd.write(3);
            assertThat(eventfd.count()).isEqualTo(3L * i);
        }
        proxy.cut(1);
        assertThat(eventfd.write(1, LONG)).isTrue();
        assertThat(eventfd.count()).isEqualTo(16);
    }

    @Test
    void aReadWhoseAnswerIsCutGetsWhatItTook() throws Exception {
        var eventfd = client.open("n", counter(7));
        proxy.cut(1);
        assertThat(eventfd.tryRead()).hasValue(7);
        eventfd.write(8);
        proxy.cut(2);
        assertThat(eventfd.read(LONG)).hasValue(8);
        eventfd.write(9);
        proxy.cut(1);
        assertThat(eventfd.readAsync().get(15, TimeUnit.SECONDS)).isEqualTo(9);
        eventfd.write(10);
        proxy.cut(1);
        assertThat(client.readAny(List.of(eventfd), LONG)).containsExactly(signal(eventfd, 10));
        assertThat(eventfd.count()).isZero();
    }

    @Test
    void aDaemonThatStopsMeanwhileIsNotTakenForOneThatDoesNotKnowTheCall() throws Exception {
        var eventfd = client.open("n", EventfdSpec.counter());
        eventfd.write(1);
        proxy.cut(1);
        proxy.refuse(2);
        eventfd.write(3);
        assertThat(eventfd.count()).isEqualTo(4);
    }

    private static Signal signal(Eventfd eventfd, long value) {
        return new Signal(new EventfdName(eventfd.name()), value);
    }

    @Test
    void everyCallThatAddsOrTakesHasAKeyOfItsOwn() throws Exception {
        var eventfd = client.open("n", counter(1));
        long read = eventfd.read();
        eventfd.write(read);
        assertThat(eventfd.tryWrite(1)).isTrue();
        assertThat(eventfd.tryRead()).hasValue(2);
        assertThat(eventfd.tryRead()).isEmpty();
        assertThat(eventfd.read(Duration.ofMillis(1))).isEmpty();
        assertThat(eventfd.write(1, LONG)).isTrue();
        assertThat(eventfd.readAsync().get(15, TimeUnit.SECONDS)).isEqualTo(1);
        eventfd.write(1);
        assertThat(client.readAny(List.of(eventfd), LONG)).hasSize(1);
        eventfd.write(1);
        assertThat(client.readAll(List.of(eventfd), LONG)).hasSize(1);
        assertThat(proxy.keys()).hasSize(proxy.posts()).doesNotHaveDuplicates();
    }

    @Test
    void aCallIsGivenUpAfterItsThirdAnswerThatIsCut() throws Exception {
        var eventfd = client.open("n", EventfdSpec.counter());
        proxy.cut(100);
        assertThatExceptionOfType(ConnectionLostException.class)
                .isThrownBy(() -> eventfd.write(1))
                .withMessageContaining("whether it was carried out is not known");
        proxy.cut(0);
        assertThat(eventfd.count()).as("and it is carried out once").isEqualTo(1);
    }

    // An end that somebody wants

    /** A call whose answer is on its way, on its own thread. */
    private <T> FutureTask<T> held(Callable<T> call) {
        proxy.hold(1);
        var task = new FutureTask<T>(call);
        Thread.ofPlatform().daemon().start(task);
        until(() -> proxy.held() == 1);
        return task;
    }

    /** What a call returned, and whether its thread was interrupted then. */
    private record Kept<T>(T result, boolean interrupted) {}

    @Test
    void anInterruptThatComesAfterTheValueWasTakenIsKeptForLater() throws Exception {
        var eventfd = client.open("n", counter(7));
        var reader = new Thread[1];
        var read =
                held(() -> {
                    reader[0] = Thread.currentThread();
                    return new Kept<>(eventfd.read(), Thread.interrupted());
                });
        reader[0].interrupt();
        assertThat(read.get(15, TimeUnit.SECONDS)).isEqualTo(new Kept<>(7L, true));
        assertThat(eventfd.count()).isZero();
    }

    @Test
    void anInterruptThatComesAfterTheValueWasAddedIsKeptForLater() throws Exception {
        var eventfd = client.open("n", counter(1));
        eventfd.write(Count.MAX - 1);
        var writer = new Thread[1];
        var written =
                new FutureTask<>(() -> {
                    writer[0] = Thread.currentThread();
                    return new Kept<>(eventfd.write(5, LONG), Thread.interrupted());
                });
        Thread.ofPlatform().daemon().start(written);
        until(() -> daemon.waiters("n") == 1);
        proxy.hold(1);
        daemon.request().post("/v1/eventfds/n/read").then().statusCode(200);
        until(() -> proxy.held() == 1);
        writer[0].interrupt();
        assertThat(written.get(15, TimeUnit.SECONDS)).isEqualTo(new Kept<>(true, true));
        assertThat(eventfd.count()).isEqualTo(5);
    }

    @Test
    void whatWasTakenBeforeAHandleClosesIsTheCallsResult() throws Exception {
        var eventfd = client.open("n", counter(7));
        var read = held(() -> eventfd.read(LONG));
        eventfd.close();
        assertThat(read.get(15, TimeUnit.SECONDS)).isEqualTo(OptionalLong.of(7));
    }

    @Test
    void whatWasTakenBeforeTheClientClosesIsTheCallsResult() throws Exception {
        var eventfd = client.open("n", counter(7));
        var read = held(eventfd::tryRead);
        client.close();
        assertThat(read.get(15, TimeUnit.SECONDS)).isEqualTo(OptionalLong.of(7));
    }

    @Test
    void aFutureThatIsCancelledPutsBackWhatItsCallTook() throws Exception {
        var eventfd = client.open("n", counter(7));
        proxy.hold(1);
        var future = eventfd.readAsync();
        until(() -> proxy.held() == 1);
        assertThat(daemon.count("n")).isEqualTo("0");
        assertThat(future.cancel(true)).isTrue();
        assertThat(eventfd.read(LONG)).hasValue(7);
    }

    @Test
    void whatACancelledFutureTookGoesBackThroughTheNextDaemon() throws Exception {
        var eventfd = client.open("n", counter(7));
        proxy.hold(1);
        var future = eventfd.readAsync();
        until(() -> proxy.held() == 1);
        proxy.stopListening();
        assertThat(future.cancel(true)).isTrue();
        until(() -> !proxy.hasClients());
        proxy.close();
        assertThat(daemon.count("n")).isEqualTo("0");
        proxy = new CuttingProxy(directory.resolve("api.sock"), daemon.api());
        until(() -> daemon.count("n").equals("7"));
    }

    @Test
    void whatAnInterruptedReadTookIsItsResultOnceTheNextDaemonIsThere() throws Exception {
        var eventfd = client.open("n", counter(7));
        var reader = new Thread[1];
        var read =
                held(() -> {
                    reader[0] = Thread.currentThread();
                    return new Kept<>(eventfd.read(), Thread.interrupted());
                });
        proxy.stopListening();
        reader[0].interrupt();
        until(() -> !proxy.hasClients());
        proxy.close();
        proxy = new CuttingProxy(directory.resolve("api.sock"), daemon.api());
        assertThat(read.get(15, TimeUnit.SECONDS)).isEqualTo(new Kept<>(7L, true));
    }

    @Test
    void whatAFutureTookGoesBackAsSoonAsThereIsRoomEvenIfTheClientIsClosed() throws Exception {
        var eventfd = client.open("n", counter(7));
        proxy.hold(1);
        var future = eventfd.readAsync();
        until(() -> proxy.held() == 1);
        eventfd.write(Count.MAX);
        assertThat(future.cancel(true)).isTrue();
        client.close();
        until(() -> daemon.waiters("n") == 1);
        daemon.request().post("/v1/eventfds/n/read").then().statusCode(200);
        until(() -> daemon.count("n").equals("7"));
    }

    // A daemon that is away, or another one

    @Test
    void aCallWaitsForTheNextDaemonAsLongAsTheOutageMayBe() throws Exception {
        var eventfd = client.open("n", counter(7));
        try (var hasty = client(Duration.ZERO)) {
            proxy.close();
            assertThatExceptionOfType(DaemonUnavailableException.class)
                    .isThrownBy(() -> hasty.state("n"));
        }
        var read = new FutureTask<>(eventfd::tryRead);
        Thread.ofPlatform().daemon().start(read);
        proxy = new CuttingProxy(directory.resolve("api.sock"), daemon.api());
        assertThat(read.get(15, TimeUnit.SECONDS)).hasValue(7);
    }

    @Test
    void aWriteIsNotRepeatedAtADaemonThatDoesNotKnowItsKey() throws Exception {
        try (var next = new DaemonUnderTest(Map.of())) {
            next.request().put("/v1/eventfds/n").then().statusCode(201);
            var eventfd = client.open("n", EventfdSpec.counter());
            eventfd.write(1);
            proxy.cut(1);
            proxy.leadTo(next.api());
            assertThatExceptionOfType(ConnectionLostException.class)
                    .isThrownBy(() -> eventfd.write(1));
            assertThat(next.count("n")).isEqualTo("0");
        }
    }

    @Test
    void aWriteIsNotRepeatedAtADaemonThatAnotherCallHasComeToKnowMeanwhile() throws Exception {
        try (var next = new DaemonUnderTest(Map.of())) {
            next.request().put("/v1/eventfds/n").then().statusCode(201);
            var eventfd = client.open("n", EventfdSpec.counter());
            var write =
                    held(() -> {
                        eventfd.write(1);
                        return "written";
                    });
            proxy.cut(1);
            proxy.leadTo(next.api());
            eventfd.write(1); // on a new connection, since the other one is in use
            assertThat(next.count("n")).isEqualTo("1");
            proxy.cutHeld();
            assertThatThrownBy(() -> write.get(15, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(ConnectionLostException.class);
            assertThat(next.count("n")).as("that of the other call").isEqualTo("1");
        }
    }

    @Test
    void aReadIsRepeatedAtAnyDaemon() throws Exception {
        try (var next = new DaemonUnderTest(Map.of())) {
            next.request()
                    .body("{\"initial\":8}")
                    .contentType("application/json")
                    .put("/v1/eventfds/n")
                    .then()
                    .statusCode(201);
            var eventfd = client.open("n", counter(7));
            proxy.cut(1);
            proxy.leadTo(next.api());
            assertThat(eventfd.tryRead()).hasValue(8);
        }
    }

    // Keys that are done

    @Test
    void aKeyIsDoneWithTheNextCallWhateverThatIs() throws Exception {
        var eventfd = client.open("n", EventfdSpec.counter());
        eventfd.write(1);
        assertThat(proxy.done()).isEmpty();
        assertThat(eventfd.count()).isEqualTo(1);
        assertThat(proxy.done()).isEqualTo(proxy.keys());
        assertThat(eventfd.tryRead()).hasValue(1);
        assertThat(eventfd.tryRead()).isEmpty();
        assertThat(eventfd.tryWrite(Count.MAX)).isTrue();
        assertThat(eventfd.tryWrite(1)).isFalse();
        assertThat(client.list()).hasSize(1);
        assertThat(proxy.done()).hasSize(5).isEqualTo(proxy.keys());
    }

    @Test
    void theLastKeyIsDoneWhenTheClientCloses() {
        client.open("n", EventfdSpec.counter()).write(1);
        assertThat(keysAtTheDaemon()).isEqualTo(1);
        client.close();
        until(() -> keysAtTheDaemon() == 0);
    }

    private int keysAtTheDaemon() {
        var metrics = daemon.request().get("/metrics").asString();
        var value = KEYS.matcher(metrics);
        assertThat(value.find()).isTrue();
        return Integer.parseInt(value.group(1));
    }

    @Test
    void whatIsDoneIsToldAgainIfItsRequestWasCutOff() {
        var eventfd = client.open("n", EventfdSpec.counter());
        eventfd.write(1);
        proxy.cut(1);
        eventfd.write(1);
        var first = proxy.keys().getFirst();
        assertThat(proxy.done()).containsExactly(first, first);
    }

    @Test
    void aKeyThatWasSentTwiceIsNotDoneAtOnce() {
        var eventfd = client.open("n", EventfdSpec.counter());
        long start = System.nanoTime();
        proxy.cut(1);
        eventfd.write(1);
        var twice = proxy.keys().getFirst();
        eventfd.write(1);
        assertThat(eventfd.count()).isEqualTo(2);
        var done = proxy.done();
        assumeThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(9));
        assertThat(done).hasSize(1).doesNotContain(twice);
    }

    @Test
    void aKeyThatSettledACallIsNotDoneAtOnce() throws Exception {
        var eventfd = client.open("n", counter(7));
        long start = System.nanoTime();
        var read = held(() -> eventfd.read(LONG));
        eventfd.close();
        assertThat(read.get(15, TimeUnit.SECONDS)).isEqualTo(OptionalLong.of(7));
        assertThat(client.state("n").count()).isZero();
        var done = proxy.done();
        assumeThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(9));
        assertThat(done).isEmpty();
    }

    @Test
    void whereOthersOfTheUserHaveAllKeysACallSaysSo() throws Exception {
        stop();
        start(Map.of("max-keys", "2"));
        var eventfd = client.open("n", EventfdSpec.counter());
        for (var key : List.of("a", "b")) {
            daemon.request().header("Idempotency-Key", key).post("/v1/eventfds/n/write");
        }
        assertThatExceptionOfType(LimitException.class)
                .isThrownBy(() -> eventfd.write(4))
                .withMessageContaining("max-keys");
        assertThatExceptionOfType(LimitException.class)
                .isThrownBy(eventfd::tryRead)
                .withMessageContaining("max-keys");
        assertThat(eventfd.count()).as("nothing was added or taken").isEqualTo(2);
        daemon.request().header("Idempotency-Key-Done", "a").get("/v1");
        eventfd.write(4);
        assertThat(eventfd.tryRead()).hasValue(6);
    }
}
