package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.eventfdd.internal.linux.SeqPacketSocket.Look;
import io.eventfdd.internal.linux.SeqPacketSocket.Next;
import io.eventfdd.internal.linux.SeqPacketSocket.Sent;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Real sockets, and the descriptors of this process counted before and after. */
class SeqPacketSocketTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration SHORT = Duration.ofMillis(50);
    private static final int SOL_SOCKET = 1;
    private static final int SO_PASSCRED = 16;
    private static final int RLIMIT_NOFILE = 7;
    private static final int LARGER_THAN_A_QUEUE = 16 << 20;

    private final PacketBuffer buffer = new PacketBuffer(65536, PacketBuffer.MAX_FDS);
    private Path directory;
    private Path path;
    private Map<Integer, String> before;
    private SeqPacketSocket listener;
    private SeqPacketSocket client;
    private SeqPacketSocket server;

    @BeforeAll
    static void letTheJdkOpenWhatItKeeps() throws IOException {
        ServerSocketChannel.open(StandardProtocolFamily.UNIX).close();
    }

    @BeforeEach
    void connect() throws IOException {
        directory = Files.createTempDirectory("efd");
        path = directory.resolve("s");
        before = Descriptors.open();
        listener = SeqPacketSocket.listen(path, 0600, 1);
        client = SeqPacketSocket.connect(path, PATIENCE);
        server = listener.accept().orElseThrow();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        client.close();
        server.close();
        listener.close();
        assertThat(Descriptors.openedSince(before)).as("open descriptors").isEmpty();
        try (var files = Files.list(directory)) {
            for (var file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private Received.Packet packet() throws ErrnoException {
        return packet(buffer);
    }

    private Received.Packet packet(PacketBuffer room) throws ErrnoException {
        return (Received.Packet) server.receive(room, PATIENCE);
    }

    private void send(String text, List<Fd> fds) throws ErrnoException {
        assertThat(client.send(buffer, bytes(text), fds)).isEqualTo(Sent.DONE);
    }

    private static List<Fd> repeated(EventFd eventFd, int times) {
        return IntStream.range(0, times).mapToObj(i -> eventFd.fd()).toList();
    }

    @Test
    void packetsKeepTheirBoundariesAndTheirOrder() throws ErrnoException {
        send("one", List.of());
        send("another", List.of());
        assertThat(packet().bytes()).asString(UTF_8).isEqualTo("one");
        var second = packet();
        assertThat(second.bytes()).asString(UTF_8).isEqualTo("another");
        assertThat(second.fds()).isEmpty();
        assertThat(second.truncated()).isFalse();
        assertThat(second.controlTruncated()).isFalse();
        assertThat(server.receive(buffer)).isEqualTo(Received.Nothing.YET);
    }

    @Test
    void aClientThatCameBeforeTheListenerWasAdoptedIsLikeAnyOther() throws IOException {
        var early = directory.resolve("early");
        var bound = UnixListener.bind(InheritedFds.SocketType.PACKETS, early, 0600);
        UnixListener.listen(bound, 1);
        try (var before = SeqPacketSocket.connect(early, PATIENCE);
                var adopted = SeqPacketSocket.adoptListener(bound);
                var after = SeqPacketSocket.connect(early, PATIENCE);
                var eventFd = EventFd.create(0, false, true)) {
            for (var one : List.of(before, after)) {
                one.send(buffer, bytes("x"), List.of(eventFd.fd()));
                one.send(buffer, new byte[0], List.of());
                one.shutdown();
                try (var accepted = adopted.accept().orElseThrow()) {
                    assertThat(accepted.peek(buffer).next()).isEqualTo(Next.PACKET_WITH_FDS);
                    ((Received.Packet) accepted.receive(buffer)).closeFds();
                    assertThat(accepted.peek(buffer).next()).isEqualTo(Next.EMPTY_PACKET);
                    accepted.receive(buffer);
                    assertThat(accepted.peek(buffer).next()).isEqualTo(Next.END);
                }
            }
        }
    }

    @Test
    void aDescriptorThatArrivesIsTheSameOpenFileAndCloseOnExec() throws IOException {
        try (var eventFd = EventFd.create(0, false, true)) {
            send("take this", List.of(eventFd.fd()));
            var packet = packet();
            assertThat(packet.fds()).hasSize(1);
            try (var received = EventFd.adopt(packet.fds().get(0))) {
                received.write(7);
                assertThat(eventFd.read()).isEqualTo(7);
                assertThat(Files.readString(Path.of("/proc/self/fdinfo/" + received.fd().number())))
                        .as("O_CLOEXEC")
                        .containsPattern("flags:\\s+02\\d{6}");
            }
        }
    }

    @Test
    void descriptorsComeInTheOrderInWhichTheyWereSent() throws ErrnoException {
        var sent = new ArrayList<EventFd>();
        for (int i = 0; i < PacketBuffer.MAX_FDS; i++) {
            sent.add(EventFd.create(i + 1, false, true));
        }
        send("as many as can be", sent.stream().map(EventFd::fd).toList());
        sent.forEach(EventFd::close);
        var packet = packet();
        assertThat(packet.fds()).hasSize(PacketBuffer.MAX_FDS);
        assertThat(packet.controlTruncated()).isFalse();
        for (int i = 0; i < PacketBuffer.MAX_FDS; i++) {
            try (var received = EventFd.adopt(packet.fds().get(i))) {
                assertThat(received.read()).isEqualTo(i + 1);
            }
        }
    }

    @Test
    void moreThanOneMessageCarriesAreRefused() throws ErrnoException {
        try (var eventFd = EventFd.create(0, false, true)) {
            var tooMany = repeated(eventFd, PacketBuffer.MAX_FDS + 1);
            assertThatThrownBy(() -> client.send(buffer, bytes("x"), tooMany))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void descriptorZeroIsOneLikeOthers() throws ErrnoException {
        send("stdin", List.of(Fd.borrow(0)));
        var packet = packet();
        assertThat(packet.fds()).hasSize(1);
        packet.closeFds();

        buffer.put(bytes("as if received as 0"), List.of(Fd.borrow(0)));
        var fds = buffer.adoptFds();
        assertThat(fds).extracting(Fd::number).containsExactly(0); // and it stays open
    }

    @Test
    void whatIsNoDescriptorIsNotSent() {
        assertThatThrownBy(() -> client.send(buffer, bytes("x"), List.of(Fd.borrow(999_999))))
                .isInstanceOf(ErrnoException.class)
                .hasMessageContaining("EBADF");
    }

    @Test
    void anErrorNamesItsCall() throws ErrnoException {
        // A socket that listens has no peer to receive from.
        assertThatThrownBy(() -> listener.receive(buffer))
                .isInstanceOf(ErrnoException.class)
                .hasMessageMatching("recvmsg\\(.*\\): ENOTCONN.*");
        assertThatThrownBy(() -> listener.receivePeeked(buffer))
                .isInstanceOf(ErrnoException.class)
                .hasMessageMatching("recv\\(.*\\): ENOTCONN.*");
        var large = new PacketBuffer(LARGER_THAN_A_QUEUE, 1);
        var packet = new byte[LARGER_THAN_A_QUEUE];
        assertThatThrownBy(() -> client.send(large, packet, List.of()))
                .isInstanceOf(ErrnoException.class)
                .hasMessageMatching("send\\(.*\\): EMSGSIZE.*");
        try (var eventFd = EventFd.create(0, false, true)) {
            assertThatThrownBy(() -> client.send(large, packet, repeated(eventFd, 1)))
                    .isInstanceOf(ErrnoException.class)
                    .hasMessageMatching("sendmsg\\(.*\\): EMSGSIZE.*");
        }
    }

    @Test
    void aLongPacketIsCutAndSaysSo() throws ErrnoException {
        send("0123456789", List.of());
        var packet = packet(new PacketBuffer(4, 0));
        assertThat(packet.bytes()).asString(UTF_8).isEqualTo("0123");
        assertThat(packet.truncated()).isTrue();
        send("0123", List.of());
        assertThat(packet(new PacketBuffer(4, 0)).truncated()).isFalse();
    }

    @Test
    void descriptorsWithoutRoomAreClosedAndItSaysSo() throws ErrnoException {
        try (var eventFd = EventFd.create(0, false, true)) {
            send("three", repeated(eventFd, 3));
            var packet = packet(new PacketBuffer(100, 1));
            assertThat(packet.fds()).hasSize(1);
            assertThat(packet.controlTruncated()).isTrue();
            packet.closeFds();

            send("three", repeated(eventFd, 3));
            packet = packet(new PacketBuffer(100, 0));
            assertThat(packet.fds()).isEmpty();
            assertThat(packet.controlTruncated()).isTrue();
        }
    }

    @Test
    void descriptorsWithoutRoomInTheTableAreClosedAndItSaysSo() throws ErrnoException {
        try (var eventFd = EventFd.create(0, false, true)) {
            send("none", List.of());
            packet();
            send("three", repeated(eventFd, 3));
            var limit = new long[2];
            LIBC.getrlimit(RLIMIT_NOFILE, limit);
            Received.Packet packet;
            LIBC.setrlimit(RLIMIT_NOFILE, new long[] {3, limit[1]});
            try {
                packet = packet();
            } finally {
                LIBC.setrlimit(RLIMIT_NOFILE, limit);
            }
            packet.closeFds();
            assertThat(packet.fds()).isEmpty();
            assertThat(packet.controlTruncated()).isTrue();
        }
    }

    @Test
    void otherControlMessagesArePassedBy() throws ErrnoException {
        var passed = new int[1];
        LIBC.getsockopt(
                server.fd().number(), SOL_SOCKET, SO_PASSCRED, passed, new int[] {Integer.BYTES});
        assertThat(passed).as("SO_PASSCRED").containsExactly(1);
        send("credentials", List.of());
        assertThat(packet().fds()).isEmpty();
        try (var eventFd = EventFd.create(0, false, true)) {
            send("credentials and descriptors", repeated(eventFd, 2));
            var packet = packet();
            assertThat(packet.fds()).hasSize(2);
            packet.closeFds();
        }
    }

    @Test
    void anEmptyPacketIsAnEndAndItsDescriptorsAreClosed() throws ErrnoException {
        try (var eventFd = EventFd.create(0, false, true)) {
            send("", repeated(eventFd, 2));
            assertThat(server.receive(buffer)).isEqualTo(Received.Nothing.ANY_MORE);
        }
    }

    @Test
    void aPeerThatClosedIsGoneForSendingAndAnEndForReceiving() throws ErrnoException {
        client.close();
        assertThat(server.send(buffer, bytes("x"), List.of())).isEqualTo(Sent.PEER_GONE);
        assertThat(server.receive(buffer)).isEqualTo(Received.Nothing.ANY_MORE);
    }

    @Test
    void whatAPeerSentBeforeItClosedArrivesThoughItReadNothing() throws ErrnoException {
        assertThat(server.send(buffer, bytes("never read"), List.of())).isEqualTo(Sent.DONE);
        send("last words", List.of());
        client.close();
        assertThat(packet().bytes()).asString(UTF_8).isEqualTo("last words");
        assertThat(server.receive(buffer, PATIENCE)).isEqualTo(Received.Nothing.ANY_MORE);
    }

    @Test
    void thatAPeerClosedWithSomethingUnreadIsKnownWhateverIsReceivedMeanwhile()
            throws ErrnoException {
        assertThat(server.send(buffer, bytes("unread"), List.of())).isEqualTo(Sent.DONE);
        assertThat(server.taken()).isEqualTo(UnixPeer.Taken.NOT_YET);
        send("last", List.of());
        client.close();
        assertThat(server.peek(buffer).next()).isEqualTo(Next.PACKET);
        assertThat(packet().bytes()).asString(UTF_8).isEqualTo("last");
        assertThat(server.taken()).isEqualTo(UnixPeer.Taken.NEVER);
        assertThat(server.taken()).as("asked again").isEqualTo(UnixPeer.Taken.NEVER);
    }

    @Test
    void whatAPeerReadBeforeItClosedIsTaken() throws ErrnoException {
        assertThat(server.send(buffer, bytes("read"), List.of())).isEqualTo(Sent.DONE);
        assertThat(client.receive(buffer, PATIENCE)).isInstanceOf(Received.Packet.class);
        assertThat(server.taken()).isEqualTo(UnixPeer.Taken.ALL);
        client.close();
        assertThat(server.peek(buffer).next()).isEqualTo(Next.END);
        assertThat(server.taken()).isEqualTo(UnixPeer.Taken.ALL);
    }

    @Test
    void shutdownEndsBothDirectionsForBothSides() throws ErrnoException {
        server.shutdown();
        assertThat(client.receive(buffer, PATIENCE)).isEqualTo(Received.Nothing.ANY_MORE);
        assertThat(client.send(buffer, bytes("x"), List.of())).isEqualTo(Sent.PEER_GONE);
        client.close();
        server.shutdown();
    }

    private Next next() throws ErrnoException {
        return server.peek(buffer).next();
    }

    @Test
    void aLookTakesNothingAndTellsWhatComes() throws ErrnoException {
        assertThat(next()).isEqualTo(Next.NOTHING_YET);
        try (var eventFd = EventFd.create(0, false, true)) {
            send("with", repeated(eventFd, 3));
            send("", repeated(eventFd, 1));
        }
        send("without", List.of());
        send("", List.of());
        assertThat(server.peek(buffer)).isEqualTo(new Look(Next.PACKET_WITH_FDS, 4));
        assertThat(server.peek(buffer)).isEqualTo(new Look(Next.PACKET_WITH_FDS, 4));
        packet().closeFds();
        assertThat(next()).isEqualTo(Next.PACKET_WITH_FDS);
        server.receive(buffer);
        assertThat(server.peek(buffer)).isEqualTo(new Look(Next.PACKET, 7));
        packet();
        assertThat(next()).isEqualTo(Next.EMPTY_PACKET);
        server.receive(buffer);
        assertThat(next()).isEqualTo(Next.NOTHING_YET);
        client.close();
        assertThat(next()).isEqualTo(Next.END);
    }

    @Test
    void aPacketThatWasLookedAtIsReceivedAndTheNextOneStays() throws ErrnoException {
        send("first", List.of());
        send("second", List.of());
        assertThat(server.peek(buffer)).isEqualTo(new Look(Next.PACKET, 5));
        assertThat(server.receivePeeked(buffer)).asString(UTF_8).isEqualTo("first");
        assertThat(server.peek(buffer)).isEqualTo(new Look(Next.PACKET, 6));
        assertThat(server.receivePeeked(buffer)).asString(UTF_8).isEqualTo("second");
        assertThat(next()).isEqualTo(Next.NOTHING_YET);
    }

    @Test
    void aPacketThatWasLookedAtIsReceivedThoughThePeerClosedWithSomethingUnread()
            throws ErrnoException {
        send("last", List.of());
        assertThat(server.peek(buffer)).isEqualTo(new Look(Next.PACKET, 4));
        assertThat(server.send(buffer, bytes("unread"), List.of())).isEqualTo(Sent.DONE);
        client.close();
        assertThat(server.wasClosedUnread()).isFalse();
        assertThat(server.receivePeeked(buffer)).asString(UTF_8).isEqualTo("last");
        assertThat(server.wasClosedUnread()).isTrue();
    }

    @Test
    void theOtherSideTakesAnEmptyPacketForTheEnd() throws ErrnoException {
        try (var eventFd = EventFd.create(0, false, true)) {
            server.send(buffer, bytes("with"), repeated(eventFd, 1));
        }
        server.send(buffer, new byte[0], List.of());
        assertThat(client.peek(buffer)).isEqualTo(new Look(Next.PACKET_WITH_FDS, 4));
        assertThat(client.receive(new PacketBuffer(4, 0))).isInstanceOf(Received.Packet.class);
        assertThat(client.peek(buffer).next()).isEqualTo(Next.END);
    }

    @Test
    void thePeerHasTakenAllOnceItHasTakenTheLast() throws ErrnoException {
        assertThat(client.peerHasTakenAll()).isTrue();
        send("one", List.of());
        send("two", List.of());
        assertThat(client.peerHasTakenAll()).isFalse();
        packet();
        assertThat(client.peerHasTakenAll()).isFalse();
        packet();
        assertThat(client.peerHasTakenAll()).isTrue();
    }

    @Test
    void whereThereIsNoRoomNothingIsSentAndPatienceEnds() throws ErrnoException {
        while (client.send(buffer, new byte[10_000], List.of()) == Sent.DONE) {
            assertThat(client.peerHasTakenAll()).isFalse();
        }
        long begun = System.nanoTime();
        assertThat(client.send(buffer, new byte[10_000], List.of(), SHORT))
                .isEqualTo(Sent.WOULD_BLOCK);
        assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(SHORT.toNanos());
        while (server.receive(buffer) instanceof Received.Packet) {
            assertThat(server.fd().isClosed()).isFalse();
        }
        assertThat(client.send(buffer, new byte[10_000], List.of(), PATIENCE)).isEqualTo(Sent.DONE);
    }

    @Test
    void patienceWithASilentPeerEndsAndNotEarly() throws ErrnoException {
        long begun = System.nanoTime();
        assertThat(server.receive(buffer, SHORT)).isEqualTo(Received.Nothing.YET);
        assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(SHORT.toNanos());
    }

    @Test
    void aFullBacklogIsWaitedForAndNotForEver() throws ErrnoException {
        var waiting = new ArrayList<SeqPacketSocket>();
        long begun = System.nanoTime();
        assertThatThrownBy(
                        () -> {
                            while (waiting.size() < 10) {
                                waiting.add(SeqPacketSocket.connect(path, SHORT));
                            }
                        })
                .isInstanceOf(ErrnoException.class)
                .hasMessageContaining("ETIMEDOUT");
        assertThat(System.nanoTime() - begun).isBetween(SHORT.toNanos(), PATIENCE.toNanos());
        waiting.forEach(SeqPacketSocket::close);
    }

    @Test
    void nobodyToConnectToIsSaidByName() throws IOException {
        assertThatThrownBy(() -> SeqPacketSocket.connect(path.resolveSibling("none"), PATIENCE))
                .isInstanceOf(ErrnoException.class)
                .hasMessageContaining("ENOENT");
        assertThatThrownBy(() -> SeqPacketSocket.connect(Path.of("/" + "x".repeat(107)), PATIENCE))
                .isInstanceOf(ErrnoException.class)
                .hasMessageContaining("ENAMETOOLONG");
        var stream = path.resolveSibling("stream");
        try (var other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            other.bind(UnixDomainSocketAddress.of(stream));
            assertThatThrownBy(() -> SeqPacketSocket.connect(stream, PATIENCE))
                    .isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("EPROTOTYPE");
        }
        listener.close();
        assertThatThrownBy(() -> SeqPacketSocket.connect(path, PATIENCE))
                .isInstanceOf(ErrnoException.class)
                .hasMessageContaining("ECONNREFUSED");
    }

    @Test
    void aPathIsTakenOnlyOnce() throws ErrnoException {
        assertThatThrownBy(() -> SeqPacketSocket.listen(path, 0600, 1))
                .isInstanceOf(ErrnoException.class)
                .hasMessageContaining("EADDRINUSE");
        assertThat(listener.accept()).isEmpty();
    }

    @Test
    void thePeerIsKnown() throws ErrnoException {
        assertThat(server.peer().pid()).isEqualTo((int) ProcessHandle.current().pid());
        assertThat(server.peer().uid()).isEqualTo(OpenFiles.effectiveUser());
    }
}
