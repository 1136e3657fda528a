package io.eventfdd.server.bridge;

import static io.eventfdd.server.bridge.Hosts.awaitCount;
import static io.eventfdd.server.bridge.Hosts.count;
import static io.eventfdd.server.testing.BridgeProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.Count;
import io.eventfdd.server.testing.BridgeProcess;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.NatsServer;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ReplayPolicy;
import io.nats.client.api.RetentionPolicy;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.impl.Headers;

import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What a link promises, one sentence a test: two hosts, each with a daemon and a bridge. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@TestInstance(TestInstance.Lifecycle.PER_CLASS) // for one server and its daemons
class BridgeIT {
    private static final String EXPORT = "- export: {name: a, subject: s, create: counter}\n";
    private static final String COPY =
            "- import: {name: b, subject: s, mode: copy, create: counter}\n";
    private static final String SHARE =
            "- import: {name: c, subject: s, mode: share, create: counter}\n";

    private static final Pattern WRITES =
            Pattern.compile(
                    "eventfdd_call_duration_seconds_count\\{operation=\"POST"
                            + " /v1/eventfds/\\{name}/write\",outcome=\"ok\"} (\\d+)");
    private static final Pattern SERIES = Pattern.compile("eventfdd_bridge_[a-z_]+");

    @AutoClose private NatsServer nats;
    @AutoClose private DaemonProcess alpha;
    @AutoClose private DaemonProcess beta;

    /** How many messages of gamma there were in all tests, so that none has the id of another. */
    private int published;

    @BeforeAll
    void start() throws IOException {
        nats = NatsServer.start();
        alpha = DaemonProcess.start();
        beta = DaemonProcess.start();
    }

    @BeforeEach
    void begin() throws IOException {
        nats.clear();
        alpha.deleteAll();
        beta.deleteAll();
        alpha.create("a");
    }

    private BridgeProcess onAlpha(String links) throws IOException {
        return BridgeProcess.start(alpha, nats, "alpha", links);
    }

    private BridgeProcess onBeta(String links) throws IOException {
        return BridgeProcess.start(beta, nats, "beta", links);
    }

    /** Makes the consumer of the shared import on a stream that a bridge has made. */
    private void makeConsumer(UnaryOperator<ConsumerConfiguration.Builder> settings)
            throws IOException {
        try (var to = onBeta(COPY)) {
            to.awaitLog("import b: running");
        }
        var consumer = ConsumerConfiguration.builder().durable("c").filterSubject("s.*");
        nats.streams(
                streams -> streams.createConsumer("EVENTFDD", settings.apply(consumer).build()));
    }

    /** From alpha to beta, which shows that both bridges run. */
    private void moveTheFirstSignal() {
        alpha.write("a", 1);
        awaitCount(beta, "b", 1);
    }

    /** Kills {@code daemon}, and starts the next one in its place. */
    private static void killAndRestart(DaemonProcess daemon) throws Exception {
        daemon.process().destroyForcibly().waitFor();
        daemon.restart();
    }

    @Test
    void whatIsWrittenOnOneHostArrivesOnTheOther() throws Exception {
        try (var from = onAlpha(EXPORT);
                var to = onBeta(COPY)) {
            alpha.write("a", 5);
            awaitCount(beta, "b", 5);
            alpha.write("a", Long.MAX_VALUE);
            until(() -> count(beta, "b").bitLength() == 64);
            assertThat(count(beta, "b")).isEqualTo(new BigInteger("9223372036854775812"));
            assertThat(count(alpha, "a")).isZero();
            assertThat(from.stop()).isZero();
            assertThat(to.stop()).isZero();
        }
    }

    @Test
    void copyReachesEveryHostAndShareOneOfThem() throws Exception {
        try (var from = onAlpha(EXPORT + SHARE.replace("c,", "d, consumer: c,"));
                var to = onBeta(COPY + SHARE)) {
            for (int i = 0; i < 20; i++) {
                alpha.write("a", 1);
            }
            awaitCount(beta, "b", 20);
            until(() -> count(alpha, "d").add(count(beta, "c")).equals(BigInteger.valueOf(20)));
            assertThat(from.log() + to.log()).doesNotContain("ERROR");
        }
    }

    @Test
    void permitsOfASemaphoreBecomePermitsOfAnother() throws Exception {
        alpha.create("p", "{\"semaphore\":true,\"initial\":2000}");
        try (var from = onAlpha("- export: {name: p, subject: p}\n");
                var to =
                        onBeta(
                                "- import: {name: p, subject: p, mode: copy, create:"
                                        + " semaphore}\n")) {
            awaitCount(beta, "p", 2000);
            var state = beta.request().get("/v1/eventfds/p").jsonPath();
            assertThat(state.getBoolean("semaphore")).isTrue();
            assertThat(from.log() + to.log()).doesNotContain("ERROR");
        }
    }

    @Test
    void countsAddUpInTheEventfdWhileTheServerIsAway() throws Exception {
        try (var from = onAlpha(EXPORT);
                var to = onBeta(COPY)) {
            moveTheFirstSignal();
            nats.kill();
            alpha.write("a", 1);
            from.awaitLog("export a: publishing to s.alpha");
            alpha.write("a", 1);
            until(() -> count(alpha, "a").signum() == 0);
            for (int i = 0; i < 100; i++) {
                alpha.write("a", 1);
            }
            assertThat(count(alpha, "a"))
                    .as("all but what is being published, and what was read after it")
                    .isEqualTo(100);
            nats.restart();
            awaitCount(beta, "b", 103);
            from.awaitLog("running again");
            to.awaitLog("connected");
            assertThat(messages()).isLessThan(20);
        }
    }

    @Test
    void whatHasNoRoomStaysInTheStream() throws Exception {
        beta.create("b");
        beta.write("b", Count.MAX - 2);
        try (var from = onAlpha(EXPORT);
                var to = onBeta(COPY)) {
            alpha.write("a", 2);
            until(() -> count(beta, "b").equals(Count.toBigInteger(Count.MAX)));
            alpha.write("a", 9);
            until(() -> count(alpha, "a").signum() == 0);
            to.awaitLog("b has no room for 9");
            assertThat(read(beta, "b")).isEqualTo(Count.toBigInteger(Count.MAX));
            awaitCount(beta, "b", 9);
            assertThat(from.log()).doesNotContain("ERROR");
        }
    }

    /** How many messages the stream has. */
    private long messages() {
        return nats.streams(
                streams -> streams.getStreamInfo("EVENTFDD").getStreamState().getMsgCount());
    }

    private static BigInteger read(DaemonProcess daemon, String name) {
        var answer =
                daemon.request()
                        .contentType("application/json")
                        .body("{}")
                        .post("/v1/eventfds/" + name + "/read");
        return new BigInteger(answer.jsonPath().getString("value"));
    }

    @Test
    void bridgeThatWasKilledGoesOn() throws Exception {
        try (var from = onAlpha(EXPORT);
                var to = onBeta(COPY + SHARE)) {
            moveTheFirstSignal();
            from.kill();
            to.kill();
            alpha.write("a", 10);
            from.restart();
            to.restart();
            awaitCount(beta, "b", 11);
            awaitCount(beta, "c", 11);
            assertThat(from.log() + to.log()).doesNotContain("in doubt");
        }
    }

    @Test
    void linkGoesOnOverARestartOfTheDaemons() throws Exception {
        try (var from = onAlpha(EXPORT);
                var to = onBeta(COPY)) {
            moveTheFirstSignal();
            alpha.signal("TERM");
            assertThat(alpha.exitStatus()).isZero();
            beta.takeOver();
            alpha.restart();
            alpha.write("a", 10);
            awaitCount(beta, "b", 11);
            assertThat(from.log() + to.log()).doesNotContain("in doubt");
        }
    }

    @Test
    void portTellsHowTheLinksDo() throws Exception {
        int port = Hosts.freePort();
        var links = EXPORT + "observability-port: " + port + "\n";
        try (var from = onAlpha(links)) {
            from.awaitLog("export a: running");
            alpha.write("a", 3);
            alpha.write("a", 4);
            until(() ->
                    Hosts.page(port, "/metrics").contains("signals_total{link=\"export a\"} 7.0"));
            assertThat(Hosts.page(port, "/health")).contains("UP");
            var metrics = Hosts.page(port, "/metrics");
            for (var file : List.of("bridge-alerts.yaml", "bridge-dashboard.json")) {
                var text = Files.readString(Path.of("../deploy/observability").resolve(file));
                assertThat(SERIES.matcher(text).results())
                        .hasSizeGreaterThan(5)
                        .allSatisfy(name -> assertThat(metrics).contains("\n" + name.group()));
            }
            nats.kill();
            until(() -> Hosts.page(port, "/health").contains("DOWN"));
            assertThat(Hosts.page(port, "/metrics")).contains("eventfdd_bridge_connected 0.0");
        }
    }

    @Test
    void severalImportsMayFeedOneEventfd() throws Exception {
        int port = Hosts.freePort();
        var exports = EXPORT + "- export: {name: e, subject: t, create: counter}\n";
        var imports = COPY + COPY.replace("s, mode", "t, consumer: d, mode");
        try (var from = onAlpha(exports);
                var to = onBeta(imports + "observability-port: " + port + "\n")) {
            from.awaitLog("export e: running");
            alpha.write("a", 3);
            alpha.write("e", 4);
            awaitCount(beta, "b", 7);
            until(() ->
                    Hosts.page(port, "/metrics").contains("signals_total{link=\"import b\"} 3.0"));
            assertThat(Hosts.page(port, "/metrics"))
                    .contains("signals_total{link=\"import b as d\"} 4.0");
            assertThat(to.log()).doesNotContain("ERROR");
        }
    }

    @Test
    void exportMayGetAnotherSubject() throws Exception {
        try (var from = onAlpha(EXPORT)) {
            from.awaitLog("export a: running");
            alpha.write("a", 3);
            until(() -> messages() == 1);
            assertThat(from.stop()).isZero();
        }
        try (var from = onAlpha(EXPORT.replace("subject: s", "subject: t"));
                var to = onBeta(COPY.replace("subject: s", "subject: t"))) {
            alpha.write("a", 4);
            awaitCount(beta, "b", 4);
            assertThat(from.log() + to.log()).doesNotContain("ERROR");
        }
    }

    @Test
    void checkSaysWhatWouldBeDoneAndDoesNothing() throws Exception {
        var said = BridgeProcess.check(beta, nats, "beta", COPY + SHARE, 0);
        assertThat(said)
                .contains(
                        "server " + nats.url() + ", version 2.",
                        "stream EVENTFDD: is missing; would be created",
                        "stream EVENTFDD_MARKS: is missing; would be created",
                        "stream EVENTFDD_CLAIMS: is missing; would be created",
                        "consumer c of stream EVENTFDD: is missing; would be created",
                        "eventfd b: is missing; would be created as a counter",
                        "import: receives s.* from stream EVENTFDD as consumer b (each signal to"
                                + " every host), adds to eventfd b");
        List<String> streams = nats.streams(JetStreamManagement::getStreamNames);
        assertThat(streams).isEmpty();
        try (var to = onBeta(COPY + SHARE)) {
            to.awaitLog("import c: running");
        }
        beta.create("p", "{\"semaphore\":true}");
        var more =
                "- export: {name: p, subject: p, create: counter}\n"
                        + "- export: {name: q, subject: q}\n"
                        + "longest-absence: 10m\n";
        assertThat(BridgeProcess.check(beta, nats, "beta", COPY + SHARE + more, 0))
                .contains(
                        "stream EVENTFDD: lacks the subjects [p.*, q.*]; would be changed",
                        "consumer c of stream EVENTFDD: is as it has to be",
                        "eventfd b: is a counter",
                        "eventfd p: is a semaphore, and create says counter",
                        "eventfd q: is missing; the link would wait for it",
                        "the daemon forgets a key after its key-life of 300 s, which is shorter"
                                + " than longest-absence");
    }

    @Test
    void callThatWasUnderWayWhenTheDaemonWasKilledIsReportedAsInDoubt() throws Exception {
        try (var from = onAlpha(EXPORT);
                var to = onBeta(COPY)) {
            moveTheFirstSignal();
            until(() -> alpha.request().get("/v1/eventfds/a").jsonPath().getInt("waiters") == 1);
            killAndRestart(alpha);
            from.awaitLog("export a: in doubt: the daemon was killed during a read of a");
            alpha.write("a", 5);
            awaitCount(beta, "b", 6);
            assertThat(to.log()).doesNotContain("in doubt");
        }
    }

    @Test
    void daemonThatWasKilledWhileTheBridgeWasAwayIsReportedAsInDoubt() throws Exception {
        try (var from = onAlpha(EXPORT);
                var to = onBeta(COPY)) {
            moveTheFirstSignal();
            until(() -> mark().contains("\"applied\":1,"));
            from.kill();
            to.kill();
            killAndRestart(alpha);
            killAndRestart(beta);
            from.restart();
            from.awaitLog(
                    "export a: in doubt: the daemon was killed since an earlier run, perhaps during"
                            + " a read of a");
            alpha.write("a", 5);
            until(() -> messages() == 2);
            to.restart();
            to.awaitLog(
                    "import b: in doubt: the daemon was killed since an earlier run, perhaps during"
                            + " a write of 5 to b: it is made again, and may be counted twice");
            alpha.write("a", 7);
            awaitCount(beta, "b", 12);
            assertThat(to.log()).doesNotContain("a write of 7");
        }
    }

    @Test
    void messageOfAnEarlierRunThatArrivesLateIsCountedWithTheNextOne() throws Exception {
        try (var from = onAlpha(EXPORT);
                var to = onBeta(COPY)) {
            moveTheFirstSignal();
            from.kill();
            killAndRestart(alpha);
            from.restart();
            from.awaitLog("export a: in doubt");
            nats.publish("s.alpha", headersOfTheSecondMessage(), "{\"value\":20}");
            alpha.write("a", 300);
            awaitCount(beta, "b", 321);
            alpha.write("a", 4000);
            awaitCount(beta, "b", 4321);
            assertThat(from.log() + to.log()).doesNotContain("ERROR");
        }
    }

    private Headers headersOfTheSecondMessage() {
        var first = nats.last("EVENTFDD", "s.alpha").orElseThrow();
        var id = first.getHeaders().getFirst("Nats-Msg-Id");
        assertThat(id).endsWith(".1");
        return new Headers()
                .add("Nats-Msg-Id", id.replaceFirst("1$", "2"))
                .add("Eventfdd-Seq", "2");
    }

    @Test
    void fiftyLinksInBothDirectionsMoveAtOnce() throws Exception {
        int each = 25;
        try (var left = onAlpha(exports("l", each) + imports("r", each));
                var right = onBeta(exports("r", each) + imports("l", each))) {
            left.awaitLog("export l24: running");
            right.awaitLog("export r24: running");
            for (int i = 0; i < each; i++) {
                alpha.write("l" + i, i + 1);
                beta.write("r" + i, 100 + i);
            }
            for (int i = 0; i < each; i++) {
                awaitCount(beta, "l" + i, i + 1);
                awaitCount(alpha, "r" + i, 100 + i);
            }
            assertThat(left.log() + right.log()).doesNotContain("ERROR");
        }
    }

    private static String exports(String prefix, int count) {
        return lines(prefix, count, "- export: {name: %1$s, subject: s.%1$s, create: counter}\n");
    }

    private static String imports(String prefix, int count) {
        return lines(
                prefix,
                count,
                "- import: {name: %1$s, subject: s.%1$s, mode: copy, create: counter}\n");
    }

    private static String lines(String prefix, int count, String line) {
        return IntStream.range(0, count)
                .mapToObj(i -> line.formatted(prefix + i))
                .collect(Collectors.joining());
    }

    @Test
    void streamThatIsCreatedAnewIsReadFromItsBeginning() throws Exception {
        try (var from = onAlpha(EXPORT);
                var to = onBeta(COPY)) {
            for (int i = 1; i <= 3; i++) {
                alpha.write("a", 1);
                awaitCount(beta, "b", i);
            }
            assertThat(from.stop()).isZero();
            assertThat(to.stop()).isZero();
            boolean deleted = nats.streams(streams -> streams.deleteStream("EVENTFDD"));
            assertThat(deleted).isTrue();
            alpha.write("a", 10);
            from.restart();
            to.restart();
            awaitCount(beta, "b", 13);
        }
    }

    @Test
    void streamWithAnotherConfigurationIsRefusedWithAllDifferences() throws Exception {
        nats.streams(streams ->
                streams.addStream(
                        StreamConfiguration.builder()
                                .name("EVENTFDD")
                                .subjects("s.*")
                                .retentionPolicy(RetentionPolicy.WorkQueue)
                                .build()));
        try (var from = onAlpha(EXPORT)) {
            from.awaitLog("the stream EVENTFDD differs: retention is workqueue, has to be limits")
                    .awaitLog("discard is old, has to be new")
                    .awaitLog("duplicate_window is PT2M, has to be at least PT10M");
        }
    }

    @Test
    void consumerWithAnotherConfigurationIsRefusedWithAllDifferences() throws Exception {
        makeConsumer(consumer ->
                consumer.ackPolicy(AckPolicy.All)
                        .maxDeliver(3)
                        .replayPolicy(ReplayPolicy.Original)
                        .headersOnly(true));
        try (var to = onBeta(SHARE)) {
            to.awaitLog("the consumer c of the stream EVENTFDD differs: ack_policy is all,")
                    .awaitLog("replay_policy is original, has to be instant; max_deliver is 3,")
                    .awaitLog("headers_only is true");
        }
    }

    @Test
    void consumerThatRefusesTheRequestsOfABridgeIsRefused() throws Exception {
        makeConsumer(consumer ->
                consumer.ackPolicy(AckPolicy.Explicit)
                        .maxPullWaiting(1)
                        .maxBatch(10)
                        .maxExpires(1000));
        var why =
                "max_waiting is 1, has to be at least 512 or unset; max_batch is 10, has to be at"
                    + " least 32 or unset; max_expires is 1000, has to be at least 10000 or unset";
        assertThat(BridgeProcess.check(beta, nats, "beta", SHARE, 1)).contains(why);
        try (var to = onBeta(SHARE)) {
            to.awaitLog(why);
        }
    }

    @Test
    void signalEndsItWithStatusZeroWheneverItComes() throws Exception {
        for (int i = 0; i < 5; i++) {
            int port = Hosts.freePort();
            try (var from = onAlpha(EXPORT + "observability-port: " + port + "\n")) {
                from.awaitLog("connected to ");
                assertThat(from.stop()).as(from.log()).isZero();
                assertThat(from.log()).doesNotContain("ERROR");
            }
        }
    }

    @Test
    void whatIsMissingIsNotCreatedIfTheFileSaysSo() throws Exception {
        var why = "there is no stream EVENTFDD, and create is no";
        assertThat(BridgeProcess.check(alpha, nats, "alpha", EXPORT + "create: no\n", 1))
                .contains(why);
        try (var from = onAlpha(EXPORT + "create: no\n")) {
            from.awaitLog(why);
        }
        List<String> streams = nats.streams(JetStreamManagement::getStreamNames);
        assertThat(streams).isEmpty();
    }

    @Test
    void checkFailsWhereAStreamLacksSubjectsOrAConsumerAndNoneMayBeAdded() throws Exception {
        try (var to = onBeta(SHARE)) {
            to.awaitLog("import c: running");
        }
        nats.streams(streams -> streams.deleteConsumer("EVENTFDD", "c"));
        var share = SHARE + "create: no\n";
        assertThat(BridgeProcess.check(beta, nats, "beta", share, 1))
                .contains("the stream EVENTFDD has no consumer c, and create is no");
        assertThat(BridgeProcess.check(beta, nats, "beta", share.replace("t: s", "t: t"), 1))
                .contains("the stream EVENTFDD lacks the subjects [t.*], and create is no");
    }

    @Test
    void checkFailsWhereAnotherStreamHasTheSubject() throws Exception {
        nats.streams(streams ->
                streams.addStream(
                        StreamConfiguration.builder().name("OTHER").subjects("s.>").build()));
        var why = "the stream EVENTFDD needs the subjects s.*, which the stream OTHER has";
        assertThat(BridgeProcess.check(alpha, nats, "alpha", EXPORT, 1)).contains(why);
        try (var from = onAlpha(EXPORT)) {
            from.awaitLog("subjects overlap with an existing stream");
        }
    }

    @Test
    void linksMayHaveStreamsOfTheirOwnAndOneServerMayBeAway() throws Exception {
        var links =
                EXPORT + EXPORT.replace("name: a, subject: s", "name: e, subject: t, stream: T");
        var yaml =
                BridgeProcess.yaml(nats.url(), "alpha", links)
                        .replace("[\"", "[\"nats://127.0.0.1:" + Hosts.freePort() + "\", \"");
        try (var from = BridgeProcess.startWith(alpha, "alpha", yaml + "log-format: json\n")) {
            from.awaitLog("export e: running");
            alpha.write("a", 1);
            alpha.write("e", 2);
            until(() -> nats.last("EVENTFDD", "s.alpha").isPresent());
            until(() -> nats.last("T", "t.alpha").isPresent());
            assertThat(from.log().lines())
                    .allSatisfy(line -> assertThat(line).startsWith("{").endsWith("}"));
        }
    }

    @Test
    void bridgeThatWasAwayForTooLongSaysSo() throws Exception {
        try (var from = onAlpha(EXPORT)) {
            until(() -> presences() == 1);
            assertThat(from.stop()).isZero();
            long anHourAgo = System.currentTimeMillis() - TimeUnit.HOURS.toMillis(1);
            nats.publish("eventfdd.mark.EVENTFDD.present.alpha", "{\"at\":" + anHourAgo + "}");
            from.restart();
            from.awaitLog("longer than longest-absence");
            assertThat(from.log()).contains("away from the stream EVENTFDD for 36");
        }
    }

    private long presences() {
        return nats.streams(streams -> {
            var names = streams.getStreamNames();
            return names.contains("EVENTFDD_MARKS")
                    ? streams.getStreamInfo("EVENTFDD_MARKS").getStreamState().getMsgCount()
                    : 0L;
        });
    }

    /** Publishes {@code count} messages of {@code value} signals each, as another host does. */
    private void publish(int count, int value) {
        var headers =
                IntStream.rangeClosed(published + 1, published + count)
                        .mapToObj(Hosts::ofGamma)
                        .toList();
        nats.publish("s.gamma", headers, "{\"value\":" + value + "}");
        published += count;
    }

    @Test
    void messagesThatWaitAreAddedTogether() throws Exception {
        try (var from = onAlpha(EXPORT)) {
            from.awaitLog("export a: running");
            publish(1000, 3);
            long before = writesOnBeta();
            try (var to = onBeta(COPY + SHARE)) {
                to.awaitLog("import c: running");
                Hosts.haveMessagesOfTheDeadGoToOthersSoon(nats, "c");
                awaitCount(beta, "b", 3000);
                awaitCount(beta, "c", 3000);
                until(() -> mark().contains("\"applied\":1000,") && !mark().contains("adding"));
                assertThat(writesOnBeta() - before).as("instead of 2,000").isBetween(2 * 64L, 500L);
                assertThat(from.log() + to.log()).doesNotContain("ERROR");
            }
        }
    }

    /** How many writes over HTTP the daemon of beta has answered. */
    private long writesOnBeta() {
        var metrics = beta.request().get("/metrics").asString();
        var writes = WRITES.matcher(metrics);
        return writes.find() ? Long.parseLong(writes.group(1)) : 0;
    }

    /**
     * An import that has announced a write of several messages, for which there is no room. When
     * there is room, the daemon carries it out, and the import cannot publish that it is done.
     */
    private BridgeProcess importThatIsKilledWhileItAddsTogether() throws Exception {
        beta.create("b");
        beta.write("b", Count.MAX - 64);
        var to = onBeta(COPY);
        publish(64, 1);
        publish(100, 50);
        until(() -> mark().contains("\"adding\":"));
        nats.kill();
        assertThat(read(beta, "b")).isEqualTo(Count.toBigInteger(Count.MAX));
        until(() -> count(beta, "b").signum() > 0);
        to.kill();
        return to;
    }

    @Test
    void whatWasBeingAddedTogetherWhenTheBridgeWasKilledIsCountedOnce() throws Exception {
        try (var from = onAlpha(EXPORT)) {
            from.awaitLog("export a: running");
            try (var to = importThatIsKilledWhileItAddsTogether()) {
                nats.restart();
                to.restart();
                awaitCount(beta, "b", 5000);
                publish(1, 7);
                awaitCount(beta, "b", 5007);
                assertThat(to.log()).doesNotContain("ERROR").doesNotContain("in doubt");
            }
        }
    }

    @Test
    void whatWasBeingAddedTogetherWhenTheDaemonWasKilledTooIsInDoubt() throws Exception {
        try (var from = onAlpha(EXPORT)) {
            from.awaitLog("export a: running");
            try (var to = importThatIsKilledWhileItAddsTogether()) {
                var written = count(beta, "b");
                killAndRestart(beta);
                nats.restart();
                to.restart();
                to.awaitLog(
                        "import b: in doubt: the daemon was killed since an earlier run, perhaps"
                                + " during a write of "
                                + written
                                + " to b");
            }
        }
    }

    @Test
    void importWhoseHostHasASecondBridgeStops() throws Exception {
        try (var from = onAlpha(EXPORT);
                var first = onBeta(COPY)) {
            moveTheFirstSignal();
            try (var second = BridgeProcess.start(alpha, nats, "beta", COPY)) {
                second.awaitLog("import b: running");
                alpha.write("a", 1);
                first.awaitLog("another bridge has the same host name");
                assertThat(from.log() + second.log()).doesNotContain("ERROR");
            }
        }
    }

    /** The last mark of the import of b; empty if there is none. */
    private String mark() {
        return nats.last("EVENTFDD_MARKS", "eventfdd.mark.EVENTFDD.copy.b.beta")
                .map(NatsServer::text)
                .orElse("");
    }

    @Test
    void exportWhoseHostHasASecondBridgeStops() throws Exception {
        try (var first = onAlpha(EXPORT)) {
            first.awaitLog("export a: running");
            beta.create("a");
            try (var second = BridgeProcess.start(beta, nats, "alpha", EXPORT)) {
                second.awaitLog("export a: running");
                alpha.write("a", 1);
                until(() -> messages() == 1);
                beta.write("a", 2);
                until(() -> messages() == 2);
                alpha.write("a", 4);
                first.awaitLog("another bridge has the same host name");
                assertThat(second.log()).doesNotContain("ERROR");
            }
        }
    }
}
