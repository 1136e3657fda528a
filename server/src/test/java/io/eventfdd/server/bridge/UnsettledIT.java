package io.eventfdd.server.bridge;

import static io.eventfdd.server.bridge.Hosts.awaitCount;
import static io.eventfdd.server.testing.BridgeProcess.until;
import static io.eventfdd.server.testing.NatsServer.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.eventfdd.server.testing.BridgeProcess;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.NatsServer;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.impl.Headers;

import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * A link with calls that only the daemon remembers: how old these are, over the end of a bridge.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class UnsettledIT {
    private static final String EXPORT = "- export: {name: a, subject: s, create: counter}\n";
    private static final String IMPORT =
            "- import: {name: b, subject: t, mode: copy, create: counter}\n";
    private static final String PRESENT = "eventfdd.mark.EVENTFDD.present.host";
    private static final Pattern UNSETTLED =
            Pattern.compile("unsettled_seconds\\{link=\"export a\"} (?!0\\.0\n)");
    private static final Pattern OF_EXPORT = Pattern.compile("\"export a\":(\\d+)");

    @AutoClose private NatsServer nats;
    @AutoClose private DaemonProcess daemon;

    @BeforeEach
    void start() throws IOException {
        nats = NatsServer.start();
        daemon = DaemonProcess.start();
    }

    private BridgeProcess bridge(String links) throws IOException {
        return BridgeProcess.start(daemon, nats, "host", links);
    }

    private void awaitMessage(String subject, String body) {
        until(() -> nats.last("EVENTFDD", subject).filter(it -> text(it).equals(body)).isPresent());
    }

    /** An earlier run says that the export has had something unsettled for an hour. */
    private long haveBeenHeldUpForAnHour() {
        long now = System.currentTimeMillis();
        long since = now - TimeUnit.HOURS.toMillis(1);
        nats.publish(PRESENT, "{\"at\":%d,\"unsettled\":{\"export a\":%d}}".formatted(now, since));
        return since;
    }

    @Test
    void linkThatAFullStreamHoldsUpSaysForHowLong() throws Exception {
        int port = Hosts.freePort();
        try (var bridge = bridge(EXPORT + "observability-port: " + port + "\n")) {
            bridge.awaitLog("export a: running");
            daemon.write("a", 1);
            awaitMessage("s.host", "{\"value\":1}");
            nats.streams(streams -> {
                var now = streams.getStreamInfo("EVENTFDD").getConfiguration();
                return streams.updateStream(
                        StreamConfiguration.builder(now).maxMessages(1).build());
            });
            daemon.write("a", 2);
            bridge.awaitLog("maximum messages exceeded");
            until(() -> UNSETTLED.matcher(Hosts.page(port, "/metrics")).find());
        }
    }

    @Test
    void readThatAnEarlierRunHasLeftForTooLongIsInDoubtAndNoOtherCall() throws Exception {
        try (var bridge = bridge(EXPORT + IMPORT)) {
            bridge.awaitLog("export a: running").awaitLog("import b: running");
            daemon.write("a", 1);
            awaitMessage("s.host", "{\"value\":1}");
            nats.publish("t.gamma", Hosts.ofGamma(1), "{\"value\":1}");
            awaitCount(daemon, "b", 1);
            bridge.kill();
            haveBeenHeldUpForAnHour();
            daemon.write("a", 5);
            nats.publish("t.gamma", Hosts.ofGamma(2), "{\"value\":1}");
            bridge.restart();
            bridge.awaitLog(
                    "export a: in doubt: the daemon was away for too long since an earlier run,"
                            + " perhaps during a read of a: what it took may be missing");
            awaitMessage("s.host", "{\"value\":5}");
            awaitCount(daemon, "b", 2);
            assertThat(bridge.log())
                    .doesNotContain("import b: in doubt")
                    .doesNotContain("longest-absence")
                    .doesNotContain("ERROR");
        }
    }

    @Test
    void runThatIsHeldUpAsWellGoesOnToSayWhatItHasFound() throws Exception {
        try (var another = BridgeProcess.start(daemon, nats, "another", EXPORT)) {
            another.awaitLog("export a: running"); // There is a stream.
            assertThat(another.stop()).isZero();
        }
        daemon.delete("a");
        var first = new Headers().add("Nats-Msg-Id", "host.a.0.1").add("Eventfdd-Seq", "1");
        nats.publish("s.host", first, "{\"value\":1}");
        long since = haveBeenHeldUpForAnHour();
        try (var bridge = bridge(EXPORT.replace(", create: counter", ""))) {
            until(() -> text(presence()).contains("\"writer\""));
            var found = OF_EXPORT.matcher(text(presence()));
            assertThat(found.find()).as(text(presence())).isTrue();
            assertThat(Long.parseLong(found.group(1))).isCloseTo(since, within(1000L));
            assertThat(bridge.log()).doesNotContain("longest-absence");
        }
    }

    private MessageInfo presence() {
        return nats.last("EVENTFDD_MARKS", PRESENT).orElseThrow();
    }
}
