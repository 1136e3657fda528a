package io.eventfdd.server.bridge;

import static io.eventfdd.server.bridge.Hosts.awaitCount;
import static io.eventfdd.server.testing.BridgeProcess.until;
import static io.eventfdd.server.testing.NatsServer.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.Count;
import io.eventfdd.server.testing.BridgeProcess;
import io.eventfdd.server.testing.CuttingProxy;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.NatsServer;
import io.nats.client.api.MessageInfo;
import io.nats.client.impl.Headers;

import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What a bridge that was killed may have done, and nobody knows any more: the daemon is killed as
 * well, but only after the next bridge has looked at it, and before that one makes the same calls.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class EarlierRunIT {
    private static final String EXPORT = "- export: {name: a, subject: s, create: counter}\n";
    private static final String IMPORT =
            "- import: {name: b, subject: s, mode: copy, create: counter}\n";
    private static final String MARKS = "eventfdd.mark.EVENTFDD.copy.b.host";

    /** A link's answers when it starts: which daemon this is, and that the eventfd is there. */
    private static final int TO_START = 2;

    @AutoClose private NatsServer nats;
    @AutoClose private DaemonProcess killed;
    @AutoClose private DaemonProcess next;
    @AutoClose private CuttingProxy proxy;

    @BeforeEach
    void start() throws IOException {
        nats = NatsServer.start();
        killed = DaemonProcess.start();
        next = DaemonProcess.start();
        var directory = Files.createDirectory(killed.file("both"));
        proxy = new CuttingProxy(directory.resolve("api.sock"), killed.api());
    }

    private BridgeProcess earlier(String links) throws IOException {
        return BridgeProcess.start(killed, nats, "host", links);
    }

    /** A bridge whose daemon is killed after that many {@code answers}. */
    private BridgeProcess later(String links, int answers) throws IOException {
        proxy.leadTo(next.api(), answers);
        return BridgeProcess.startAt(killed.file("both"), killed, nats, "host", links);
    }

    private void publish(int number, long value) {
        nats.publish("s.gamma", Hosts.ofGamma(number), "{\"value\":" + value + "}");
    }

    private MessageInfo lastMark() {
        return nats.last("EVENTFDD_MARKS", MARKS).orElseThrow();
    }

    private void awaitMark(int sequence) {
        until(() -> text(lastMark()).contains("\"applied\":" + sequence + ","));
    }

    /** An import that has moved one signal, published this, and was killed. */
    private void importOne() throws IOException {
        try (var bridge = earlier(IMPORT)) {
            bridge.awaitLog("import b: running");
            publish(1, 1);
            awaitMark(1);
            bridge.kill();
        }
    }

    @Test
    void messagesThatItMayHaveAddedAreInDoubt() throws Exception {
        importOne();
        publish(2, 5);
        publish(3, 7);
        next.create("b");
        next.write("b", Count.MAX - 5);
        try (var bridge = later(IMPORT, TO_START)) {
            bridge.awaitLog(
                    "import b: in doubt: the daemon was killed since an earlier run, perhaps during"
                            + " a write of 5 to b: it is made again, and may be counted twice");
            awaitMark(2);
            bridge.kill();
            next.request().contentType("application/json").body("{}").post("/v1/eventfds/b/read");
            bridge.restart();
            bridge.awaitLog("perhaps during a write of 7 to b");
            awaitCount(next, "b", 7);
            publish(4, 9);
            awaitCount(next, "b", 16);
            assertThat(bridge.log()).doesNotContain("a write of 9").doesNotContain("ERROR");
        }
    }

    @Test
    void writeThatItHasAnnouncedIsInDoubt() throws Exception {
        importOne();
        var mark = lastMark();
        var announced = text(mark).replace("\"applied\":1,", "\"applied\":1,\"adding\":50,");
        var daemon =
                new Headers().add("Eventfdd-Keys", mark.getHeaders().getFirst("Eventfdd-Keys"));
        nats.publish(MARKS, daemon, announced);
        try (var bridge = later(IMPORT, TO_START)) {
            bridge.awaitLog("perhaps during a write of 50 to b");
            awaitCount(next, "b", 50);
            assertThat(bridge.log()).doesNotContain("ERROR");
        }
    }

    /** An export that has moved one signal, and was killed. */
    private void exportOne() throws IOException {
        killed.create("a");
        try (var bridge = earlier(EXPORT)) {
            bridge.awaitLog("export a: running");
            killed.write("a", 1);
            awaitPublished(1);
            bridge.kill();
        }
    }

    private void awaitPublished(long value) {
        var published = Optional.of("{\"value\":" + value + "}");
        until(() -> nats.last("EVENTFDD", "s.host").map(NatsServer::text).equals(published));
    }

    /** What the earlier run had read may be missing, and the export goes on at the next daemon. */
    private void assertTheReadIsInDoubt(int answeredReads) throws Exception {
        killed.write("a", 5);
        next.create("a");
        try (var bridge = later(EXPORT, TO_START + answeredReads)) {
            bridge.awaitLog(
                    "export a: in doubt: the daemon was killed since an earlier run, perhaps during"
                            + " a read of a: what it took may be missing");
            next.write("a", 7);
            awaitPublished(7);
            assertThat(bridge.log()).doesNotContain("ERROR");
        }
    }

    @ParameterizedTest(name = "after {0} reads")
    @ValueSource(ints = {0, 1})
    void readsThatItMayHaveMadeAreInDoubt(int reads) throws Exception {
        exportOne();
        assertTheReadIsInDoubt(reads);
    }

    @Test
    void firstReadThatItMayHaveMadeIsInDoubt() throws Exception {
        killed.create("a");
        try (var bridge = earlier(EXPORT)) {
            until(() -> killed.request().get("/v1/eventfds/a").jsonPath().getInt("waiters") == 1);
            bridge.kill();
        }
        assertTheReadIsInDoubt(0);
    }
}
