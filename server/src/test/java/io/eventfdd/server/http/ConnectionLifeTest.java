package io.eventfdd.server.http;

import static io.eventfdd.server.http.BrokenHttpTest.assertProblem;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.server.http.transport.ClientConnection;
import io.eventfdd.server.http.transport.ConnectionEnd;
import io.eventfdd.server.http.transport.Timeouts;
import io.eventfdd.server.testing.RawClient;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

@Timeout(300)
@SuppressWarnings("StringConcatToTextBlock") // lines end in CR LF
class ConnectionLifeTest {
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final Duration SHORT = Duration.ofMillis(60);

    @TempDir private Path directory;

    @Test
    void aConnectionIsKnownBeforeItsFirstRequest() throws Exception {
        try (var server = TestServer.start(directory);
                var client = server.connect()) {
            var connection = server.nextBegun();

            assertThat(connection.peer().uid())
                    .isEqualTo(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
            assertThat(connection.peer().pid()).isEqualTo((int) ProcessHandle.current().pid());
            assertThat(connection.fd()).isPositive();
            assertThat(client.channel().isConnected()).isTrue();
        }
    }

    @Test
    void eachConnectionHasItsOwnId() throws Exception {
        try (var server = TestServer.start(directory);
                var a = server.connect();
                var b = server.connect()) {
            assertThat(server.nextBegun().id()).isNotEqualTo(server.nextBegun().id());
            assertThat(a).isNotSameAs(b);
        }
    }

    @Test
    void aClientThatClosesEndsCleanly() throws Exception {
        try (var server = TestServer.start(directory)) {
            try (var client = server.connect()) {
                client.call("GET", "/v1", "").answer();
            }

            assertEnded(server.nextEnded(), ConnectionEnd.CLOSED_CLEANLY);
        }
    }

    @Test
    void aClientThatSaysNothingAndClosesEndsCleanly() throws Exception {
        try (var server = TestServer.start(directory)) {
            server.connect().close();

            assertEnded(server.nextEnded(), ConnectionEnd.CLOSED_CLEANLY);
        }
    }

    @Test
    void aClientThatClosesWithItsAnswerUnreadIsAReset() throws Exception {
        try (var server = TestServer.start(directory)) {
            try (var client = server.connect()) {
                client.call("GET", "/v1", "");
                assertThat(client.read()).isEqualTo('H'); // the rest of it is there, and stays
                client.call("GET", "/wait", "");
                server.awaitWaiting();
            }
            server.release();

            assertEnded(server.nextEnded(), ConnectionEnd.RESET);
        }
    }

    @Test
    void aResetIsSeenEvenByWhomEndsTheConnectionAMomentBefore() throws Exception {
        try (var server = TestServer.start(directory)) {
            ClientConnection connection;
            try (var client = server.connect()) {
                client.call("GET", "/v1", "");
                assertThat(client.channel().read(ByteBuffer.allocate(1))).isEqualTo(1);
                connection = server.nextBegun();
                assertThat(connection.wasReset()).isFalse();
                connection.endsAs(ConnectionEnd.CLOSED_BY_US);
            }

            assertEnded(server.nextEnded(), ConnectionEnd.CLOSED_BY_US);
            assertThat(connection.wasReset()).isTrue();
        }
    }

    /** The socket tells of it once, and somebody may shut it down at that moment. */
    @Test
    void aClientThatClosesAsItIsHungUpHasNotTakenWhatItLeftUnread() throws Exception {
        try (var server = TestServer.start(directory);
                var hanging = Executors.newSingleThreadExecutor()) {
            for (int round = 0; round < 2000; round++) {
                Future<?> hungUp;
                try (var client = server.connect()) {
                    client.call("GET", "/v1", "");
                    assertThat(client.channel().read(ByteBuffer.allocate(1))).isEqualTo(1);
                    var connection = server.nextBegun();
                    hungUp = hanging.submit(connection::hangUp);
                }
                hungUp.get();
                assertThat(server.nextEnded().taken()).as("in round " + round).isFalse();
            }
        }
    }

    @Test
    void aClientThatIsGoneWhenItIsAnsweredIsAReset() throws Exception {
        try (var server = TestServer.start(directory)) {
            try (var client = server.connect()) {
                client.call("GET", "/wait", "");
                server.awaitWaiting();
            }
            server.release();

            assertEnded(server.nextEnded(), ConnectionEnd.RESET);
        }
    }

    @Test
    void aClientThatGoesInTheMiddleOfARequestEndsItsConnection() throws Exception {
        try (var server = TestServer.start(directory)) {
            try (var client = server.connect()) {
                client.send("POST /v1/eventfds/a/write HTTP/1.1\r\nHost: x\r\nContent-Le");
                server.nextBegun();
            }

            assertThat(server.nextEnded().open()).isTrue();
        }
    }

    @Test
    void aConnectionThatIsHungUpEndsByUs() throws Exception {
        try (var server = TestServer.start(directory);
                var client = server.connect()) {
            server.nextBegun().hangUp();

            assertThat(client.isAtEnd()).isTrue();
            assertEnded(server.nextEnded(), ConnectionEnd.CLOSED_BY_US);
        }
    }

    @Test
    void aHalfSentRequestIsGivenUp() throws Exception {
        for (var half :
                new String[] {
                    "GET /v1 HT",
                    "GET /v1 HTTP/1.1\r\nHost: x\r\n",
                    "POST /v1/eventfds/a/write HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{"
                }) {
            try (var server =
                            TestServer.start(
                                    directory, TestServer.MANY, new Timeouts(LONG, SHORT, LONG));
                    var client = server.connect()) {
                client.call("GET", "/v1", "").answer();
                client.send(half);

                assertProblem(client.answer(), 408, "invalid-request");
                assertThat(client.isAtEnd()).isTrue();
                assertEnded(server.nextEnded(), ConnectionEnd.CLOSED_BY_US);
            }
        }
    }

    @Test
    void anIdleConnectionIsClosed() throws Exception {
        try (var server =
                        TestServer.start(
                                directory, TestServer.MANY, new Timeouts(SHORT, LONG, LONG));
                var client = server.connect()) {
            client.call("GET", "/v1", "").answer();

            assertThat(client.isAtEnd()).isTrue();
            assertEnded(server.nextEnded(), ConnectionEnd.CLOSED_BY_US);
        }
    }

    @Test
    void aConnectionIsNotIdleWhileItWaitsForItsAnswer() throws Exception {
        try (var server =
                        TestServer.start(
                                directory,
                                TestServer.MANY,
                                new Timeouts(Duration.ofMillis(200), SHORT, SHORT));
                var client = server.connect();
                var other = server.connect()) {
            client.call("GET", "/wait", "");
            server.awaitWaiting();
            assertThat(other.isAtEnd()).isTrue(); // so long did the other one wait by now
            server.release();

            assertThat(client.answer().status()).isEqualTo(204);
            assertThat(client.call("GET", "/v1", "").answer().status()).isEqualTo(200);
        }
    }

    @Test
    void aClientThatReadsNothingIsDisconnected() throws Exception {
        try (var server =
                        TestServer.start(
                                directory, TestServer.MANY, new Timeouts(LONG, LONG, SHORT));
                var client = server.connect()) {
            client.call("GET", "/large", "");

            assertEnded(server.nextEnded(), ConnectionEnd.CLOSED_BY_US);
        }
    }

    @Test
    void aConnectionOverTheLimitIsToldSo() throws Exception {
        try (var server = TestServer.start(directory, 2, TestServer.PATIENT)) {
            try (var first = server.connect();
                    var second = server.connect()) {
                first.call("GET", "/v1", "").answer();
                second.call("GET", "/v1", "").answer();
                assertProblem(server.exchange("GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n"), 429, "limit");
                assertProblem(server.exchange("GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n"), 429, "limit");
            }
            server.nextEnded();
            server.nextEnded();
            while (server.server().connections() > 0) {
                Thread.onSpinWait();
            }
            assertThat(server.exchange("GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n").status())
                    .isEqualTo(200);
        }
    }

    @Test
    void aClientIsToldWhenThereAreNoDescriptorsLeftAndServedWhenThereAre() throws Exception {
        try (var server = TestServer.start(directory);
                var before = server.connect()) {
            before.call("GET", "/v1", "").answer();
            var clients = new ArrayList<SocketChannel>();
            for (int i = 0; i < 5; i++) {
                clients.add(SocketChannel.open(StandardProtocolFamily.UNIX));
            }
            var hoard = new ArrayList<FileChannel>();
            try {
                hoardDescriptors(hoard);
                var statuses = new ArrayList<Integer>();
                for (var client : clients) {
                    // not closed, since its descriptor would then be there for the next one
                    var raw = RawClient.over(client, server.socket());
                    statuses.add(raw.call("GET", "/v1", "").answer().status());
                }
                // an accept that had begun before has a descriptor already
                assertThat(statuses).containsOnly(200, 429).endsWith(429, 429, 429);
                assertThat(before.call("GET", "/v1", "").answer().status()).isEqualTo(200);
            } finally {
                for (var file : hoard) {
                    file.close();
                }
                for (var client : clients) {
                    client.close();
                }
            }

            assertThat(server.exchange("GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n").status())
                    .isEqualTo(200);
            assertThat(server.server().isRunning()).isTrue();
        }
    }

    private static void hoardDescriptors(List<FileChannel> hoard) {
        try {
            while (true) {
                hoard.add(FileChannel.open(Path.of("/dev/null")));
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("Too many open files");
        }
    }

    @Test
    void connectionsLeaveNoDescriptorsBehind() throws Exception {
        try (var server = TestServer.start(directory)) {
            server.exchange("GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n");
            server.nextEnded();
            for (int i = 0; i < 200; i++) {
                server.exchange("GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n");
                server.exchange("GARBAGE\r\n\r\n");
                server.exchange("GET /v1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            }
            for (int i = 0; i < 600; i++) {
                server.nextEnded();
            }

            assertThat(server.endedAndNotAsked()).isZero();
            while (server.server().connections() > 0) {
                Thread.onSpinWait();
            }
            long sockets = sockets(server);
            while (sockets(server) > 1 && sockets > 1) {
                Thread.onSpinWait();
            }
            assertThat(sockets(server)).isEqualTo(1);
        }
    }

    /**
     * How many of this process's sockets have the server's name: the listener, and the server's
     * ends of connections.
     */
    private static long sockets(TestServer server) throws IOException {
        try (var lines = Files.lines(Path.of("/proc/net/unix"))) {
            return lines.filter(line -> line.endsWith(server.socket().toString())).count();
        }
    }

    private static void assertEnded(TestServer.Ended ended, ConnectionEnd how) {
        assertThat(ended.how()).isEqualTo(how);
        assertThat(ended.open()).isTrue();
    }
}
