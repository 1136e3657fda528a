package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;

import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.PacketBuffer;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.Ran;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A daemon that is asked for everything goes on if the other one does not get to serve. */
@Timeout(300)
class FailedTakeoverIT {
    private static final Duration BOUND = Duration.ofSeconds(30);
    private static final int MANY = 300;

    private final PacketBuffer buffer = new PacketBuffer(64 * 1024, PacketBuffer.MAX_FDS);
    private DaemonProcess daemon;

    private void startWithManyEventfds() throws IOException {
        daemon = DaemonProcess.start();
        try (var client = daemon.connect()) {
            for (int i = 0; i < MANY; i++) {
                client.call("PUT", "/v1/eventfds/e" + i, "{\"initial\":" + i + "}");
                assertThat(client.answer().status()).isEqualTo(201);
            }
        }
    }

    @AfterEach
    void stop() throws IOException {
        daemon.close();
    }

    /** What another daemon says that cannot begin. */
    private String heir(List<String> prefix, String... options) throws Exception {
        var heir = Ran.of(daemon.beginRefusedTakeover(prefix, options));
        assertThat(heir.status()).as(heir.output()).isEqualTo(1);
        return heir.output();
    }

    private void assertThatItGoesOn() throws IOException {
        until(() -> daemon.log().contains("the hand-over failed; going on with all eventfds"));
        try (var client = daemon.connect()) {
            for (int i = 0; i < MANY; i++) {
                client.call("GET", "/v1/eventfds/e" + i, "");
                assertThat(client.answer().body()).contains("\"count\":" + i + ",");
            }
        }
        assertThat(daemon.process().isAlive()).isTrue();
        daemon.request().get("/health").then().statusCode(200);
        daemon.request().put("/v1/eventfds/more").then().statusCode(201);
        daemon.takeOver();
        daemon.request().get("/v1/eventfds/e7").then().body("count", equalTo(7));
        daemon.request().get("/v1/eventfds/more").then().statusCode(200);
    }

    @Test
    void theOtherMayNotOpenAsManyFiles() throws Exception {
        startWithManyEventfds();
        assertThat(heir(List.of("prlimit", "--nofile=200:200"))).contains("as many files");
        assertThatItGoesOn();
    }

    @Test
    void theOtherCannotListenWhereItIsToldTo() throws Exception {
        startWithManyEventfds();
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var port = Integer.toString(taken.getLocalPort());
            assertThat(heir(List.of(), "--observability-port", port)).contains("cannot listen");
        }
        assertThatItGoesOn();
    }

    @Test
    void theOtherIsGoneBeforeItHasEverything() throws Exception {
        startWithManyEventfds();
        askAndLeave();
        assertThatItGoesOn();
    }

    @Test
    void theOtherIsGoneWhenItHasEverything() throws Exception {
        startWithManyEventfds();
        try (var heir = ask()) {
            while (!receive(heir).contains("end")) {
                // the descriptors of some eventfds
            }
        }
        assertThatItGoesOn();
    }

    @Test
    void aSignalEndsTheOneThatGoesOn() throws Exception {
        startWithManyEventfds();
        askAndLeave();
        until(() -> daemon.log().contains("the hand-over failed; going on with all eventfds"));
        daemon.signal("TERM");
        assertThat(daemon.exitStatus()).as(daemon.log()).isZero();
        daemon.restart();
        daemon.request().get("/v1/eventfds/e7").then().body("count", equalTo(7));
    }

    @Test
    void theOtherAnswersNobodyBeforeThisOneEnds() throws Exception {
        daemon = DaemonProcess.start();
        var heir = daemon.beginRefusedTakeover(List.of());
        until(() -> isCreatedBy(heir.pid()));
        heir.destroyForcibly().onExit().join();
        assertThat(daemon.exitStatus()).as(daemon.log()).isZero();
        daemon.restart();
        daemon.request().get("/v1/eventfds/late").then().statusCode(200);
    }

    /** Whether the process {@code pid} is the daemon, and has created an eventfd. */
    private boolean isCreatedBy(long pid) {
        try (var client = SeqPacketSocket.connect(daemon.directory().resolve("fd.sock"), BOUND)) {
            if (client.peer().pid() != pid) {
                return false;
            }
            var request = "{\"op\":\"open\",\"eventfds\":[{\"name\":\"late\",\"create\":{}}]}";
            client.send(buffer, request.getBytes(StandardCharsets.UTF_8), List.of(), BOUND);
            return receive(client).contains("created");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void itsLimitsAreAsHighAsBefore() throws Exception {
        daemon = DaemonProcess.startUnder(List.of("prlimit", "--nofile=1024:1024"));
        daemon.request().put("/v1/eventfds/n").then().statusCode(201);
        var before = limits();
        askAndLeave();
        until(() -> daemon.log().contains("the hand-over failed; going on with all eventfds"));
        assertThat(limits()).isEqualTo(before);
    }

    private Map<String, Object> limits() {
        return daemon.request().get("/v1").then().statusCode(200).extract().path("limits");
    }

    private void askAndLeave() throws IOException {
        try (var heir = ask()) {
            assertThat(receive(heir)).contains("listeners");
        }
    }

    private String receive(SeqPacketSocket heir) throws IOException {
        var received = heir.receive(buffer, BOUND);
        assertThat(received).isInstanceOf(Received.Packet.class);
        var packet = (Received.Packet) received;
        packet.closeFds();
        return new String(packet.bytes(), StandardCharsets.UTF_8);
    }

    private SeqPacketSocket ask() throws IOException {
        var heir = SeqPacketSocket.connect(daemon.directory().resolve("fd.sock"), BOUND);
        var request = "{\"op\":\"takeover\"}".getBytes(StandardCharsets.UTF_8);
        heir.send(buffer, request, List.<Fd>of(), BOUND);
        return heir;
    }
}
