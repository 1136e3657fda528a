package io.eventfdd.server.fdsocket;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.OpenFiles;
import io.eventfdd.internal.linux.PacketBuffer;
import io.eventfdd.internal.linux.PeerCredentials;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.linux.SeqPacketSocket.Sent;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.OpenReply;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.server.eventfds.Caller;
import io.eventfdd.server.eventfds.Eventfds;
import io.eventfdd.server.eventfds.Ledger;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.runtime.ListenerPlace;
import io.eventfdd.server.testing.JsonText;
import io.eventfdd.server.testing.TestLimits;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/** A real server on a real loop, and clients of it. */
final class FdServerUnderTest implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(15);
    static final FdLimits ROOMY = limits(512, 10_000);

    /** So many connections, and descriptors on their way to clients. */
    static FdLimits limits(int connections, long fdsInFlight) {
        return new FdLimits(
                connections,
                fdsInFlight,
                Duration.ofSeconds(60),
                OpenRequest.MAX_PACKET,
                OpenRequest.MAX_ENTRIES,
                FdServer.MOST_TOLD,
                Duration.ofHours(1),
                Duration.ofHours(24));
    }

    final EventLoop loop;
    final Eventfds eventfds;
    final Path path;
    final FdServer server;
    private final AtomicLong ahead = new AtomicLong();
    private volatile long pace;
    private final List<Client> clients = new ArrayList<>();

    FdServerUnderTest() throws IOException {
        this(ROOMY, 15_000);
    }

    FdServerUnderTest(FdLimits limits, int maxEventfds) throws IOException {
        this(limits, maxEventfds, Ledger.NONE);
    }

    FdServerUnderTest(FdLimits limits, int maxEventfds, Ledger ledger) throws IOException {
        loop = new EventLoop(() -> System.nanoTime() + ahead.addAndGet(pace));
        eventfds =
                new Eventfds(loop, TestLimits.of(maxEventfds, 100), 0, Clock.systemUTC(), ledger);
        loop.start(() -> {});
        path = Files.createTempDirectory("efd").resolve("fd.sock");
        server =
                FdServer.open(
                        loop,
                        eventfds,
                        new ListenerPlace(path, 0660, 0, null, true),
                        limits,
                        (peer, operation, outcome, nanos) -> {},
                        () -> {});
        server.admit();
    }

    /** A problem's name and detail. */
    record Problem(String slug, String detail) {}

    /** What came in reply, and the descriptors, which are the caller's. */
    record Reply(String json, List<Fd> fds) implements AutoCloseable {
        List<OpenReply.Entry> entries() {
            assertThat(json).startsWith("{\"eventfds\"");
            return OpenReply.from(JsonFields.parse(json.getBytes(UTF_8))).entries();
        }

        Problem problem() {
            assertThat(fds).as("descriptors with a problem").isEmpty();
            var document = JsonText.parse(json);
            assertThat(document.path("title").isTextual()).isTrue();
            assertThat(document.path("status").isInt()).isTrue();
            return new Problem(
                    document.path("type").asText().replace("urn:eventfdd:problem:", ""),
                    document.path("detail").asText());
        }

        String slug() {
            return problem().slug();
        }

        @Override
        public void close() {
            fds.forEach(Fd::close);
        }
    }

    /** One connection, seen from its other end. */
    static final class Client implements AutoCloseable {
        final SeqPacketSocket socket;
        private final PacketBuffer buffer = new PacketBuffer(1 << 18, PacketBuffer.MAX_FDS);

        private Client(SeqPacketSocket socket) {
            this.socket = socket;
        }

        /** False where the queue is full, or the server is gone. */
        boolean offer(byte[] packet, Fd... fds) {
            try {
                return socket.send(buffer, packet, Arrays.asList(fds)) == Sent.DONE;
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }

        void send(byte[] packet, Fd... fds) {
            assertThat(offer(packet, fds)).as("sent").isTrue();
        }

        void send(OpenRequest.Entry... entries) {
            send(request(entries));
        }

        Received receive() {
            try {
                var received = socket.receive(buffer, PATIENCE);
                assertThat(received).as("in time").isNotEqualTo(Received.Nothing.YET);
                return received;
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }

        Reply reply() {
            var received = receive();
            assertThat(received).isInstanceOf(Received.Packet.class);
            var packet = (Received.Packet) received;
            assertThat(packet.truncated() || packet.controlTruncated()).isFalse();
            return new Reply(new String(packet.bytes(), UTF_8), packet.fds());
        }

        Received receiveNow() {
            try {
                return socket.receive(buffer);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }

        boolean hasSomething() {
            try {
                return socket.peek(new PacketBuffer(0, 0)).next()
                        != SeqPacketSocket.Next.NOTHING_YET;
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }

        Reply ask(byte[] packet, Fd... fds) {
            send(packet, fds);
            return reply();
        }

        Reply ask(String json) {
            return ask(json.replace('\'', '"').getBytes(UTF_8));
        }

        Reply open(OpenRequest.Entry... entries) {
            return ask(request(entries));
        }

        void assertEnded() {
            assertThat(receive()).isEqualTo(Received.Nothing.ANY_MORE);
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    /**
     * Has the time of each turn be over as soon as the loop looks at its clock, so that from now on
     * a turn does one step of its work.
     */
    void oneStepATurn() {
        pace = Duration.ofMillis(1).toNanos();
    }

    Client client() throws IOException {
        var client = new Client(SeqPacketSocket.connect(path, PATIENCE));
        clients.add(client);
        return client;
    }

    static EventfdName name(String name) {
        return new EventfdName(name);
    }

    static OpenRequest.Entry there(String name) {
        return OpenRequest.Entry.of(name(name));
    }

    static OpenRequest.Entry creating(String name) {
        return creating(name, EventfdSpec.counter());
    }

    static OpenRequest.Entry creating(String name, EventfdSpec spec) {
        return OpenRequest.Entry.creating(name(name), spec);
    }

    static byte[] request(OpenRequest.Entry... entries) {
        return Json.bytes(new OpenRequest(List.of(entries)).toJson());
    }

    /** What {@code fd} has, which is closed then. */
    static long readOnce(Fd fd) throws IOException {
        try (var eventFd = EventFd.adopt(fd)) {
            return eventFd.read();
        }
    }

    void make(String name, EventfdSpec spec) {
        eventfds.create(name(name), spec, owner());
    }

    void delete(String name) {
        eventfds.delete(name(name), owner());
    }

    private static Caller owner() {
        return new Caller(
                Fd.borrow(0), new PeerCredentials(1, OpenFiles.effectiveUser(), 0, List.of()));
    }

    /** Counted just after they are sent. */
    long fdsHandedOut() {
        assertThat(eventfds.size()).as("asked on the loop").isNotNegative();
        return server.fdsHandedOut();
    }

    static void until(BooleanSupplier condition) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(end);
            Thread.onSpinWait();
        }
    }

    /**
     * How many sockets, eventfds, epoll sets and pidfds are open: not the jars, which the class
     * loader opens when it wants to, and not the pipes to a process that what runs the tests starts
     * now and then.
     */
    static long openFds() throws IOException {
        try (var fds = Files.list(Path.of("/proc/self/fd"))) {
            return fds.filter(FdServerUnderTest::isOurs).count();
        }
    }

    private static boolean isOurs(Path fd) {
        try {
            var what = Files.readSymbolicLink(fd).toString();
            return what.startsWith("anon_inode:") || what.startsWith("socket:");
        } catch (IOException closedMeanwhile) {
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        loop.close();
        clients.forEach(Client::close);
        Files.delete(path.getParent());
    }
}
