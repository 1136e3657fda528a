package io.eventfdd.server.bridge;

import static io.eventfdd.server.testing.BridgeProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.server.testing.BridgeProcess;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.NatsServer;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.impl.Headers;

import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** An export whose messages may carry so many signals each: what one read takes is divided. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@TestInstance(TestInstance.Lifecycle.PER_CLASS) // for one server and its daemons
class MessageSizeIT {
    private static final String SUBJECT = "s.host";

    @AutoClose private NatsServer nats;
    @AutoClose private DaemonProcess daemon;

    @BeforeAll
    void start() throws IOException {
        nats = NatsServer.start();
        daemon = DaemonProcess.start();
    }

    @BeforeEach
    void begin() throws IOException {
        nats.clear();
        daemon.deleteAll();
    }

    private BridgeProcess export(int max) throws IOException {
        return BridgeProcess.start(daemon, nats, "host", link(max));
    }

    private static String link(int max) {
        return "- export: {name: a, subject: s, create: counter, max: " + max + "}\n";
    }

    /** Which daemon this is to a bridge. */
    private String keys() {
        return daemon.request().get("/v1").header("Eventfdd-Keys");
    }

    /** A message of a bridge that ran earlier. */
    private void publish(int number, int read, int value, int left, String keys) {
        var headers =
                new Headers()
                        .add("Nats-Msg-Id", "host.a.0." + number)
                        .add("Eventfdd-Seq", Integer.toString(number))
                        .add("Eventfdd-Read", Integer.toString(read))
                        .add("Eventfdd-Left", Integer.toString(left))
                        .add("Eventfdd-Keys", keys);
        nats.publish(SUBJECT, headers, "{\"value\":" + value + "}");
    }

    private void awaitMessages(int... values) {
        var bodies = new ArrayList<String>();
        for (int value : values) {
            bodies.add("{\"value\":" + value + "}");
        }
        until(() -> nats.streams(MessageSizeIT::bodies).equals(bodies));
    }

    private static List<String> bodies(JetStreamManagement streams)
            throws IOException, JetStreamApiException {
        var bodies = new ArrayList<String>();
        long last = streams.getStreamInfo("EVENTFDD").getStreamState().getLastSequence();
        for (long sequence = 1; sequence <= last; sequence++) {
            bodies.add(NatsServer.text(streams.getMessage("EVENTFDD", sequence)));
        }
        return bodies;
    }

    /** Has the stream, without a bridge of this host. */
    private void haveStream() throws Exception {
        try (var bridge = BridgeProcess.start(daemon, nats, "another", link(1))) {
            bridge.awaitLog("export a: running");
            assertThat(bridge.stop()).isZero();
        }
    }

    @Test
    void countIsDividedIntoMessages() throws Exception {
        daemon.create("a");
        daemon.write("a", 5);
        try (var bridge = export(2)) {
            bridge.awaitLog("export a: running");
            awaitMessages(2, 2, 1);
            daemon.write("a", 2);
            awaitMessages(2, 2, 1, 2);
            bridge.kill();
            bridge.restart();
            daemon.write("a", 3);
            awaitMessages(2, 2, 1, 2, 2, 1);
            assertThat(bridge.log()).doesNotContain("ERROR").doesNotContain("in doubt");
        }
    }

    @Test
    void permitsOfASemaphoreAreMessagesOfTheirOwn() throws Exception {
        daemon.create("a", "{\"semaphore\":true,\"initial\":3}");
        var link = link(1).replace("counter", "semaphore");
        try (var bridge = BridgeProcess.start(daemon, nats, "host", link)) {
            bridge.awaitLog("export a: running");
            awaitMessages(1, 1, 1);
            assertThat(bridge.log()).doesNotContain("ERROR");
        }
    }

    @Test
    void whatAnEarlierRunHasLeftOfAReadComesFirst() throws Exception {
        haveStream();
        publish(1, 1, 2, 3, keys());
        try (var bridge = export(2)) {
            awaitMessages(2, 2, 1);
            daemon.write("a", 1);
            awaitMessages(2, 2, 1, 1);
            var last = nats.last("EVENTFDD", SUBJECT).orElseThrow().getHeaders();
            assertThat(last.getFirst("Eventfdd-Seq")).isEqualTo("4");
            assertThat(last.getFirst("Eventfdd-Read")).isEqualTo("2");
            assertThat(bridge.log()).doesNotContain("ERROR").doesNotContain("in doubt");
        }
    }

    @Test
    void readBehindADividedOneMayBeOfARunThatDividedNone() throws Exception {
        haveStream();
        publish(1, 1, 2, 3, "killed");
        try (var bridge = export(2)) {
            bridge.awaitLog(
                    "export a: in doubt: the daemon was killed since an earlier run, perhaps during"
                            + " a read of a: what it took may be missing");
            daemon.write("a", 1);
            awaitMessages(2, 2, 1, 1);
            var last = nats.last("EVENTFDD", SUBJECT).orElseThrow().getHeaders();
            assertThat(last.getFirst("Eventfdd-Keys")).isEqualTo(keys());
            assertThat(bridge.log().split("in doubt", -1)).hasSize(2);
            assertThat(bridge.log()).doesNotContain("ERROR");
        }
    }

    /** A bridge waits for the signals of the second read. */
    private BridgeProcess behindOneMessageOf(String keys, int max) throws Exception {
        haveStream();
        publish(1, 1, 1, 0, keys);
        var bridge = export(max);
        bridge.awaitLog("export a: running");
        return bridge;
    }

    @Test
    void messageOfTheSameReadThatArrivesLateIsCountedOnce() throws Exception {
        try (var bridge = behindOneMessageOf(keys(), 2)) {
            publish(2, 2, 4, 1, keys());
            daemon.write("a", 5);
            awaitMessages(1, 4, 1);
            daemon.write("a", 3);
            awaitMessages(1, 4, 1, 2, 1);
            assertThat(bridge.log()).doesNotContain("ERROR").doesNotContain("in doubt");
        }
    }

    /** One that looks like a message of this run is another one if more is left behind it. */
    @ParameterizedTest(name = "max {0}: {1}, and {2} left")
    @CsvSource({"1, 1, 4, 2, 1 1 1 1 1 1 1 1", "4, 3, 2, 7, 1 3 2 4 3"})
    void messageOfAKilledDaemonThatArrivesLateIsCountedWithAllThatIsLeft(
            int max, int value, int left, int written, String messages) throws Exception {
        try (var bridge = behindOneMessageOf("killed", max)) {
            bridge.awaitLog("in doubt");
            publish(2, 2, value, left, "killed");
            daemon.write("a", written);
            awaitMessages(Stream.of(messages.split(" ")).mapToInt(Integer::parseInt).toArray());
            assertThat(bridge.log()).doesNotContain("ERROR");
        }
    }
}
