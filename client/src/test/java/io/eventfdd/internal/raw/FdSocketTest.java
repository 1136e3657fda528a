package io.eventfdd.internal.raw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.ClosedEventfdException;
import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.VirtualThreads;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.wire.OpenReply;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.ProblemDocument;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** What becomes of an opening whose daemon ends under it. */
@Timeout(300)
class FdSocketTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final EventfdName NAME = new EventfdName("n");

    private static final OpenRequest FINDS = new OpenRequest(List.of(OpenRequest.Entry.of(NAME)));
    private static final OpenRequest FINDS_OR_MAKES =
            new OpenRequest(List.of(OpenRequest.Entry.creating(NAME, EventfdSpec.counter())));
    private static final OpenRequest MAKES =
            new OpenRequest(
                    List.of(OpenRequest.Entry.creatingExclusively(NAME, EventfdSpec.counter())));

    /** Nobody wants to know of the connection's life. */
    private static final FdSocket.Life UNHEARD =
            new FdSocket.Life() {
                @Override
                public void began(SeqPacketSocket connection) {}

                @Override
                public void ends(SeqPacketSocket connection) {}
            };

    @TempDir private Path directory;
    private Path path;
    private ScriptedDaemon daemon;
    private FdSocket socket;

    @BeforeEach
    void connect() throws IOException {
        path = directory.resolve("fd.sock");
        daemon = new ScriptedDaemon(path);
        socket = new FdSocket(path, LONG, LONG, UNHEARD);
        socket.connect();
    }

    @AfterEach
    void close() {
        socket.close();
        daemon.close();
    }

    static List<OpenRequest> requests() {
        return List.of(FINDS, FINDS_OR_MAKES, MAKES);
    }

    static List<OpenRequest> repeatable() {
        return List.of(FINDS, FINDS_OR_MAKES);
    }

    /** As when there is no thread to be had for the epoll set. */
    @Test
    void aConnectionWhoseEndNobodyWouldHearOfIsNotKept() {
        var made = new AtomicInteger();
        var life =
                new FdSocket.Life() {
                    @Override
                    public void began(SeqPacketSocket connection) {
                        if (made.incrementAndGet() == 1) {
                            throw new OutOfMemoryError("unable to create native thread");
                        }
                    }

                    @Override
                    public void ends(SeqPacketSocket connection) {}
                };
        try (var other = new FdSocket(path, LONG, LONG, life)) {
            assertThatThrownBy(other::connect).isInstanceOf(OutOfMemoryError.class);
            assertThat(other.isConnected()).isFalse();
            other.connect();
            assertThat(made).hasValue(2);
        }
    }

    @ParameterizedTest
    @MethodSource("repeatable")
    void oneThatMayBeCarriedOutTwiceIsAskedOfTheNextDaemon(OpenRequest request) throws Exception {
        var opening = opening(request);
        hangUpOnTheNextRequest();
        answerTheNextRequest();
        assertOpened(opening);
    }

    @Test
    void whetherAnExclusiveOneWasMadeIsNotKnown() throws Exception {
        var opening = opening(MAKES);
        hangUpOnTheNextRequest();
        assertThatThrownBy(() -> opening.get(20, TimeUnit.SECONDS))
                .hasCauseInstanceOf(ConnectionLostException.class)
                .hasMessageContaining("whether it was carried out is not known");
        assertThat(daemon.accept()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("requests")
    void aDaemonThatIsEndingHasCarriedOutNothing(OpenRequest request) throws Exception {
        var opening = opening(request);
        refuseTheNextRequest();
        answerTheNextRequest();
        assertOpened(opening);
    }

    @Test
    void itWaitsForTheNextDaemonAsLongAsAnOutageMayBe() throws Exception {
        daemon.end();
        var opening = opening(FINDS);
        daemon.begin();
        answerTheNextRequest();
        assertOpened(opening);
    }

    @Test
    void withoutAnOutageItFailsAtOnce() throws Exception {
        var impatient = new FdSocket(path, LONG, Duration.ZERO, UNHEARD);
        impatient.connect();
        daemon.end();
        assertThatThrownBy(() -> impatient.open(FINDS))
                .isInstanceOf(DaemonUnavailableException.class)
                .hasMessageContaining(path.toString());
        impatient.close();
    }

    @Test
    void whileItWaitsForADaemonItCanBeClosed() throws Exception {
        daemon.end();
        var opening = opening(FINDS);
        socket.close();
        assertThatThrownBy(() -> opening.get(20, TimeUnit.SECONDS))
                .hasCauseInstanceOf(ClosedEventfdException.class);
    }

    @ParameterizedTest
    @MethodSource("repeatable")
    void whileItWaitsForAnAnswerItCanBeClosed(OpenRequest request) throws Exception {
        var opening = opening(request);
        var another = opening(request);
        try (var silent = acceptedWithARequest()) {
            var closing = CompletableFuture.runAsync(socket::close);
            closing.get(10, TimeUnit.SECONDS);
            for (var one : List.of(opening, another)) {
                assertThatThrownBy(() -> one.get(10, TimeUnit.SECONDS))
                        .hasCauseInstanceOf(ClosedEventfdException.class);
            }
            assertThat(silent.fd().isClosed()).isFalse();
        }
    }

    /** One after the other, many of them would take very long. */
    @Test
    void oneThatWaitsForOneWithoutAnAnswerFailsWithIt() throws Exception {
        var impatient = new FdSocket(path, Duration.ofSeconds(5), Duration.ZERO, UNHEARD);
        socket.close();
        impatient.connect();
        var first = opening(impatient, FINDS);
        try (var silent = acceptedWithARequest()) {
            var second = opening(impatient, FINDS);
            assertThatThrownBy(() -> first.get(20, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(ConnectionLostException.class);
            assertThatThrownBy(() -> second.get(20, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(DaemonUnavailableException.class)
                    .hasMessageContaining("a request before this one");
            assertThat(silent.fd().isClosed()).isFalse();
        }
        impatient.close();
    }

    private CompletableFuture<FdSocket.Opened> opening(OpenRequest request) {
        return opening(socket, request);
    }

    private static CompletableFuture<FdSocket.Opened> opening(
            FdSocket socket, OpenRequest request) {
        var opening = new CompletableFuture<FdSocket.Opened>();
        VirtualThreads.startPlatform(
                "opening",
                () -> {
                    try {
                        opening.complete(socket.open(request));
                    } catch (RuntimeException e) {
                        opening.completeExceptionally(e);
                    }
                });
        return opening;
    }

    private static void assertOpened(CompletableFuture<FdSocket.Opened> opening) throws Exception {
        var opened = opening.get(20, TimeUnit.SECONDS);
        assertThat(opened.reply().entries()).extracting(OpenReply.Entry::name).containsOnly(NAME);
        opened.fds().forEach(fd -> EventFd.adopt(fd).close());
    }

    // The daemon

    private void hangUpOnTheNextRequest() throws IOException {
        acceptedWithARequest().close();
    }

    private void refuseTheNextRequest() throws IOException {
        try (var connection = acceptedWithARequest()) {
            var problem = ProblemType.SHUTTING_DOWN.problem("the daemon is ending");
            daemon.send(connection, ProblemDocument.bytes(problem), List.of());
        }
    }

    private void answerTheNextRequest() throws IOException {
        try (var connection = acceptedWithARequest();
                var eventfd = EventFd.create(0, false, true)) {
            var reply = new OpenReply(List.of(new OpenReply.Entry(NAME, false, true, true)));
            daemon.send(connection, reply.toBytes(), List.of(eventfd.fd()));
        }
    }

    /** A connection that has a request; one without was made ahead of it, and is closed. */
    private SeqPacketSocket acceptedWithARequest() throws IOException {
        while (true) {
            var connection = daemon.accepted();
            if (daemon.receive(connection) instanceof Received.Packet) {
                return connection;
            }
            connection.close();
        }
    }
}
