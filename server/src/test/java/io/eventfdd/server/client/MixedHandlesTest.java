package io.eventfdd.server.client;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.ClosedEventfdException;
import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.ProblemType;
import io.eventfdd.client.Signal;
import io.eventfdd.client.Transport;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.PacketBuffer;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.wire.OpenReply;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.ProblemDocument;
import io.eventfdd.server.DaemonUnderTest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** A client that has a descriptor of one eventfd, and may only read the other one. */
@Timeout(300)
class MixedHandlesTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir private Path directory;

    private DaemonUnderTest daemon;
    private SeqPacketSocket listener;
    private EventfddClient client;
    private Eventfd raw;
    private Eventfd overHttp;

    /** The entrance for descriptors hands out one, and then refuses. */
    @BeforeEach
    void start() throws Exception {
        daemon = new DaemonUnderTest(Map.of());
        Files.createSymbolicLink(directory.resolve("api.sock"), daemon.api());
        listener = SeqPacketSocket.listen(directory.resolve("fd.sock"), 0600, 8);
        var entrance = new FutureTask<>(this::serve);
        Thread.ofPlatform().daemon().start(entrance);
        client = EventfddClient.connect(directory);
        daemon.request().put("/v1/eventfds/raw").then().statusCode(201);
        daemon.request().put("/v1/eventfds/read-only").then().statusCode(201);
        raw = client.open("raw", EventfdSpec.counter());
        overHttp = client.open("read-only");
        entrance.get(LONG.toSeconds(), TimeUnit.SECONDS);
        assertThat(raw.transport()).isEqualTo(Transport.RAW);
        assertThat(overHttp.transport()).isEqualTo(Transport.HTTP);
    }

    private SeqPacketSocket serve() throws Exception {
        var accepted = listener.accept();
        while (accepted.isEmpty()) {
            Thread.onSpinWait();
            accepted = listener.accept();
        }
        var connection = accepted.get();
        var buffer = new PacketBuffer(OpenRequest.MAX_PACKET, OpenRequest.MAX_ENTRIES);
        assertThat(connection.receive(buffer, LONG)).isInstanceOf(Received.Packet.class);
        try (var eventfd = EventFd.create(0, false, true)) {
            var entry = new OpenReply.Entry(new EventfdName("raw"), false, true, false);
            var reply = new OpenReply(List.of(entry)).toBytes();
            connection.send(buffer, reply, List.of(eventfd.fd()), LONG);
        }
        assertThat(connection.receive(buffer, LONG)).isInstanceOf(Received.Packet.class);
        var refusal = ProblemDocument.bytes(ProblemType.FORBIDDEN.problem("not to be written"));
        connection.send(buffer, refusal, List.of(), LONG);
        return connection;
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        listener.close();
        daemon.close();
    }

    private FutureTask<List<Signal>> waiting() {
        var waiting = new FutureTask<>(() -> client.awaitAny(List.of(raw, overHttp), LONG));
        Thread.ofPlatform().daemon().start(waiting);
        until(() -> daemon.waiters("read-only") == 1);
        return waiting;
    }

    @Test
    void theDaemonWaitsForBothByTheirNames() throws Exception {
        var waiting = waiting();
        daemon.request().post("/v1/eventfds/raw/write").then().statusCode(200);
        assertThat(waiting.get(LONG.toSeconds(), TimeUnit.SECONDS))
                .containsExactly(new Signal(new EventfdName("raw"), 1));
    }

    @Test
    void theCloseOfTheRawOneEndsTheWait() {
        var waiting = waiting();
        raw.close();
        assertThatThrownBy(() -> waiting.get(30, TimeUnit.SECONDS))
                .hasCauseInstanceOf(ClosedEventfdException.class)
                .hasMessageContaining("eventfd raw is closed");
        until(() -> daemon.waiters("read-only") == 0);
    }

    @Test
    void theCloseOfTheOtherOneEndsTheWait() {
        var waiting = waiting();
        overHttp.close();
        assertThatThrownBy(() -> waiting.get(30, TimeUnit.SECONDS))
                .hasCauseInstanceOf(ClosedEventfdException.class)
                .hasMessageContaining("eventfd read-only is closed");
    }

    @Test
    void noneOfThemMayBeClosedBefore() {
        raw.close();
        assertThatThrownBy(() -> client.awaitAny(List.of(raw, overHttp), Duration.ZERO))
                .isInstanceOf(ClosedEventfdException.class);
    }
}
