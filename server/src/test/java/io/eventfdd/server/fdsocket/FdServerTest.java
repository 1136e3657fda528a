package io.eventfdd.server.fdsocket;

import static io.eventfdd.server.fdsocket.FdServerUnderTest.creating;
import static io.eventfdd.server.fdsocket.FdServerUnderTest.name;
import static io.eventfdd.server.fdsocket.FdServerUnderTest.openFds;
import static io.eventfdd.server.fdsocket.FdServerUnderTest.readOnce;
import static io.eventfdd.server.fdsocket.FdServerUnderTest.request;
import static io.eventfdd.server.fdsocket.FdServerUnderTest.there;
import static io.eventfdd.server.fdsocket.FdServerUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.eventfdd.client.EventfdSpec;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.UnixPeer;
import io.eventfdd.internal.wire.LeaseState;
import io.eventfdd.internal.wire.OpenReply;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.server.eventfds.Identity;
import io.eventfdd.server.eventfds.KeptLease;
import io.eventfdd.server.eventfds.Ledger;
import io.eventfdd.server.fdsocket.FdServerUnderTest.Client;
import io.eventfdd.server.loop.LoopCalls;
import io.eventfdd.server.runtime.ListenerPlace;
import io.eventfdd.server.testing.OwnJvm;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import sun.nio.ch.SelChImpl;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;

/** The whole of fd.sock over real sockets; no descriptor is left after any of it. */
@OwnJvm
class FdServerTest {
    private long fdsBefore;
    private FdServerUnderTest daemon;

    @BeforeAll
    static void letTheJdkOpenWhatItKeeps() throws IOException {
        try (var daemon = new FdServerUnderTest();
                var listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            SocketChannel.open(listener.getLocalAddress()).close();
            daemon.client().open(creating("warm")).close();
        }
    }

    @BeforeEach
    void start() throws IOException {
        fdsBefore = openFds();
        daemon = new FdServerUnderTest();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        var eventfds = daemon.eventfds.size();
        daemon.close();
        assertThat(daemon.path).doesNotExist();
        // Fewer if the collector has closed sockets that another test left to it.
        assertThat(openFds()).as("descriptors").isLessThanOrEqualTo(fdsBefore + eventfds);
    }

    private static OpenReply.Entry entry(String name, EventfdSpec spec, boolean created) {
        return new OpenReply.Entry(name(name), spec.semaphore(), spec.nonblocking(), created);
    }

    // What it is for

    @Test
    void opensWhatIsThereAndMakesWhatIsMissingInTheOrderAsked() throws IOException {
        var semaphore = EventfdSpec.semaphoreOf(3).withNonblocking(false);
        daemon.make("there", semaphore);
        try (var reply =
                daemon.client()
                        .open(
                                creating("new", EventfdSpec.counter().withInitial(7)),
                                there("there"))) {
            assertThat(reply.entries())
                    .containsExactly(
                            entry("new", EventfdSpec.counter(), true),
                            entry("there", semaphore, false));
            assertThat(readOnce(reply.fds().get(0))).isEqualTo(7);
            assertThat(reply.fds().get(1).isNonblocking()).isFalse();
            assertThat(readOnce(reply.fds().get(1))).isEqualTo(1);
        }
        assertThat(daemon.fdsHandedOut()).isEqualTo(2);
    }

    @Test
    void findsAgainWhatItMade() throws IOException {
        var client = daemon.client();
        client.open(creating("a")).close();
        try (var again = client.open(creating("a"))) {
            assertThat(again.entries()).containsExactly(entry("a", EventfdSpec.counter(), false));
        }
    }

    @Test
    void twoHundredAndFiftyThreeComeAtOnceInOrder() throws IOException {
        var entries =
                IntStream.range(0, OpenRequest.MAX_ENTRIES)
                        .mapToObj(i ->
                                creating(
                                        "y".repeat(125) + (100 + i),
                                        EventfdSpec.counter().withInitial(i + 1)))
                        .toArray(OpenRequest.Entry[]::new);
        try (var reply = daemon.client().open(entries)) {
            assertThat(reply.entries())
                    .extracting(OpenReply.Entry::name)
                    .containsExactlyElementsOf(
                            Arrays.stream(entries).map(OpenRequest.Entry::name).toList());
            for (int i = 0; i < entries.length; i++) {
                assertThat(readOnce(reply.fds().get(i))).isEqualTo(i + 1);
            }
        }
    }

    @Test
    void fortyRequestsAheadGetFortyRepliesInOrder() throws IOException {
        daemon.make("a", EventfdSpec.counter());
        daemon.make("b", EventfdSpec.counter());
        var client = daemon.client();
        for (int i = 0; i < 40; i++) {
            client.send(there(i % 2 == 0 ? "a" : "b"));
        }
        for (int i = 0; i < 40; i++) {
            try (var reply = client.reply()) {
                assertThat(reply.entries())
                        .extracting(entry -> entry.name().value())
                        .containsExactly(i % 2 == 0 ? "a" : "b");
            }
        }
    }

    @Test
    void theSocketHasItsModeAndASuccessorsStays() throws IOException {
        assertThat(Files.getPosixFilePermissions(daemon.path))
                .isEqualTo(PosixFilePermissions.fromString("rw-rw----"));
        Files.delete(daemon.path);
        var successor =
                FdServer.open(
                        daemon.loop,
                        daemon.eventfds,
                        new ListenerPlace(daemon.path, 0600, 0, null, true),
                        FdServerUnderTest.ROOMY,
                        (peer, operation, outcome, nanos) -> {},
                        () -> {});
        successor.admit();
        daemon.server.close();
        assertThat(daemon.path).as("the successor's").exists();
        daemon.client().open(creating("a")).close();
        successor.close();
        assertThat(daemon.path).doesNotExist();
    }

    // All or nothing

    @Test
    void whereOneIsMissingNothingIsMade() throws IOException {
        var client = daemon.client();
        assertThat(client.open(creating("new"), there("missing")).slug()).isEqualTo("not-found");
        assertThat(daemon.eventfds.size()).isZero();
    }

    @Test
    void whereOneHasAnotherSpecNothingIsMade() throws IOException {
        daemon.make("there", EventfdSpec.semaphoreOf(1));
        var client = daemon.client();
        assertThat(client.open(creating("new"), creating("there")).slug()).isEqualTo("exists");
        assertThat(daemon.eventfds.size()).isEqualTo(1);
    }

    @Test
    void whereOneMustNotBeThereAndIsNothingIsMade() throws IOException {
        daemon.make("there", EventfdSpec.counter());
        var client = daemon.client();
        var exclusive = OpenRequest.Entry.creatingExclusively(name("there"), EventfdSpec.counter());
        assertThat(client.open(creating("new"), exclusive).slug()).isEqualTo("exists");
        assertThat(daemon.eventfds.size()).isEqualTo(1);
        assertThat(daemon.fdsHandedOut()).isZero();
    }

    @Test
    void aRequestWhoseClientIsGoneMakesNothing() throws IOException {
        var client = daemon.client();
        client.send(there("missing"));
        client.send(creating("never"));
        client.close();
        until(() -> daemon.server.connections() == 0);
        assertThat(daemon.eventfds.size()).isZero();
    }

    // What is no request

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "[]",
                "7",
                "null",
                "{} {}",
                "{}",
                "{'op':'close','eventfds':[{'name':'a'}]}",
                "{'op':'open','eventfds':[{'name':'a'}],'tiemout':1}",
                "{'op':'open','eventfds':[]}",
            })
    void whatIsNoRequestIsInvalidAndTheConnectionGoesOn(String json) throws IOException {
        daemon.make("a", EventfdSpec.counter());
        var client = daemon.client();
        assertThat(client.ask(json).slug()).isEqualTo("invalid-request");
        client.open(there("a")).close();
    }

    @Test
    void deepNestingIsInvalidLikeOtherNonsense() throws IOException {
        var client = daemon.client();
        assertThat(client.ask("[".repeat(60_000)).slug()).isEqualTo("invalid-request");
        assertThat(client.ask("{'a':".repeat(12_000)).slug()).isEqualTo("invalid-request");
        assertThat(client.ask(new byte[] {(byte) 0xff, 0}).slug()).isEqualTo("invalid-request");
    }

    @Test
    void aPacketOf64KibIsTakenAndOneByteMoreIsTooLarge() throws IOException {
        daemon.make("a", EventfdSpec.counter());
        var request = request(there("a"));
        var packet = Arrays.copyOf(request, OpenRequest.MAX_PACKET + 1);
        Arrays.fill(packet, request.length, packet.length, (byte) ' ');
        var client = daemon.client();
        assertThat(client.ask(packet).slug()).isEqualTo("too-large");
        client.ask(Arrays.copyOf(packet, OpenRequest.MAX_PACKET)).close();
        assertThat(daemon.fdsHandedOut()).isEqualTo(1);
    }

    @Test
    void aClientThatTakesNoDescriptorsIsToldSoAndTheLogIsNot() throws IOException {
        var client = daemon.client();
        assumeTrue(UnixPeer.refuseDescriptors(client.socket.fd()), "needs Linux 6.16");
        var logger = Logger.getLogger(FdServer.class.getPackageName());
        var log = new KeptLog();
        logger.addHandler(log);
        try {
            var problem = client.open(creating("a")).problem();
            assertThat(problem.slug()).isEqualTo("invalid-request");
            assertThat(problem.detail()).contains("takes no descriptors");
            assertThat(daemon.eventfds.size()).as("all or nothing").isZero();
            assertThat(client.open(there("a")).slug()).isEqualTo("not-found");
        } finally {
            logger.removeHandler(log);
        }
        assertThat(log.lines).isEmpty();
    }

    private static final class KeptLog extends Handler {
        private final List<String> lines = new ArrayList<>();

        @Override
        public synchronized void publish(LogRecord entry) {
            lines.add(entry.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    // Descriptors that nobody asked for

    @ParameterizedTest
    @ValueSource(ints = {1, 253})
    void descriptorsThatNobodyAskedForAreClosedAndTheRequestIsNotCarriedOut(int count)
            throws IOException {
        var client = daemon.client();
        var probe = daemon.client();
        var fds = new Fd[count];
        Arrays.fill(fds, probe.socket.fd());
        client.send(request(creating("new")), fds);
        probe.close();
        assertThat(client.reply().slug()).isEqualTo("invalid-request");
        // The last descriptor of that connection was among those sent: now the daemon sees its end.
        until(() -> daemon.server.connections() == 1);
        assertThat(daemon.eventfds.size()).isZero();
        client.open(creating("new")).close();
    }

    @Test
    void descriptorsInPacketsThatAreNeverReadAreClosed() throws IOException {
        var client = daemon.client();
        var probe = daemon.client();
        for (int i = 0; i < 5; i++) {
            client.send(request(creating("a")));
            client.send(new byte[] {'x'}, probe.socket.fd());
            client.offer(new byte[0], probe.socket.fd());
        }
        probe.close();
        client.close();
        until(() -> daemon.server.connections() == 0);
    }

    @Test
    void aClientMayGoWhileItsDescriptorsAreBeingClosed() throws IOException {
        try (var stray = EventFd.create(0, false, true)) {
            for (int i = 0; i < 300; i++) {
                var client = daemon.client();
                client.send(new byte[] {'x'}, stray.fd());
                if (i % 2 == 0) {
                    client.reply();
                }
                client.close();
                daemon.client().close();
            }
        }
        until(() -> daemon.server.connections() == 0);
        daemon.client().open(creating("a")).close();
    }

    /** The close of a TCP socket with SO_LINGER waits for the peer, who does not read. */
    @Test
    void aDescriptorWhoseCloseTakesLongHoldsNobodyUp() throws IOException {
        daemon.make("a", EventfdSpec.counter());
        var neighbour = daemon.client();
        var client = daemon.client();
        long begun = System.nanoTime();
        try (var listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            var mute = new ArrayList<SocketChannel>();
            for (int i = 0; i < 3; i++) {
                // While the client does not take this reply, the daemon has the next packet in its
                // queue, and the last descriptor of the talker with it.
                client.send(there("a"));
                mute.add(sendLingering(client, listener));
                client.reply().close();
                neighbour.open(there("a")).close();
                assertThat(client.reply().slug()).isEqualTo("invalid-request");
            }
            client.send(there("a"));
            mute.add(sendLingering(client, listener));
            client.close();
            neighbour.open(there("a")).close();
            until(() -> daemon.server.connections() == 1);
            for (var peer : mute) {
                peer.close();
            }
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
    }

    /** Sends the last descriptor of a connection that has much to say to {@code listener}. */
    private static SocketChannel sendLingering(Client client, ServerSocketChannel listener)
            throws IOException {
        try (var talker = SocketChannel.open(listener.getLocalAddress())) {
            var peer = listener.accept();
            talker.setOption(StandardSocketOptions.SO_LINGER, 60);
            talker.configureBlocking(false);
            var much = ByteBuffer.allocate(1 << 20);
            while (talker.write(much.clear()) > 0) {
                assertThat(talker.isOpen()).isTrue();
            }
            client.send(request(there("a")), Fd.borrow(((SelChImpl) talker).getFDVal()));
            return peer;
        }
    }

    // Ends

    @Test
    void anEmptyPacketEndsTheConnectionAfterTheReplies() throws IOException {
        var client = daemon.client();
        client.send(creating("a"));
        client.send(creating("b"));
        client.offer(new byte[0]);
        client.reply().close();
        client.reply().close();
        client.assertEnded();
    }

    @Test
    void aClientThatIsGoneIsForgotten() throws IOException {
        var clients = new Client[20];
        for (int i = 0; i < clients.length; i++) {
            clients[i] = daemon.client();
            clients[i].open(creating("a")).close();
        }
        assertThat(daemon.server.connections()).isEqualTo(clients.length);
        for (var client : clients) {
            client.close();
        }
        until(() -> daemon.server.connections() == 0);
    }

    @Test
    void theEndOfTheDaemonEndsItsConnections() throws IOException {
        var client = daemon.client();
        client.open(creating("a")).close();
        daemon.server.close();
        client.assertEnded();
        assertThat(daemon.path).doesNotExist();
    }

    @Test
    void garbageOnManyConnectionsLeavesNothingBehind() throws IOException {
        daemon.make("a", EventfdSpec.counter());
        var random = new Random(7);
        try (var stray = EventFd.create(0, false, true)) {
            for (int i = 0; i < 500; i++) {
                try (var client = daemon.client()) {
                    for (int packets = random.nextInt(6); packets > 0; packets--) {
                        switch (random.nextInt(4)) {
                            case 0 -> client.offer(request(there("a")));
                            case 1 -> client.offer(new byte[random.nextInt(80_000)]);
                            case 2 -> client.offer(new byte[] {'x'}, stray.fd(), stray.fd());
                            default -> {
                                if (client.receiveNow() instanceof Received.Packet packet) {
                                    packet.closeFds();
                                }
                            }
                        }
                    }
                }
            }
        }
        until(() -> daemon.server.connections() == 0);
        daemon.client().open(there("a")).close();
    }

    // Those who do not read

    @Test
    void aDeafClientHasOneReplyUnderWayAndHoldsNobodyUp() throws IOException {
        daemon.make("a", EventfdSpec.counter());
        var deaf = daemon.client();
        int sent = 0;
        while (deaf.offer(request(there("a")))) {
            sent++;
        }
        until(deaf::hasSomething);
        var neighbour = daemon.client();
        for (int i = 0; i < 100; i++) {
            neighbour.open(there("a")).close();
        }
        assertThat(daemon.fdsHandedOut()).isEqualTo(101);
        for (int i = 0; i < sent; i++) {
            deaf.reply().close();
        }
        assertThat(deaf.hasSomething()).isFalse();
    }

    @Test
    void aDeafClientOfProblemsHasOneUnderWayToo() throws IOException {
        var deaf = daemon.client();
        while (deaf.offer(new byte[] {'x'})) {
            assertThat(deaf.socket.fd().isClosed()).isFalse();
        }
        until(deaf::hasSomething);
        deaf.reply();
        until(deaf::hasSomething);
        daemon.client().open(creating("a")).close();
    }

    @Test
    void turnsOfTheLoopAreNotSpentOnClientsThatDoNotRead() throws IOException {
        var deaf = daemon.client();
        for (int i = 0; i < 10; i++) {
            deaf.send(new byte[] {'x'});
        }
        until(deaf::hasSomething);
        assertThat(daemon.eventfds.size()).isZero(); // the loop is past what it made it do
        long turns = daemon.loop.turns();
        long end = System.nanoTime() + Duration.ofMillis(100).toNanos();
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        assertThat(daemon.loop.turns() - turns).isLessThan(5);
    }

    // Written down before it is known

    /** Takes its time when it is asked first, {@code slow} times. */
    private static final class SlowLedger implements Ledger {
        private final int slow;
        private final CompletableFuture<Void> first = new CompletableFuture<>();
        private final AtomicInteger asked = new AtomicInteger();

        SlowLedger(int slow) {
            this.slow = slow;
        }

        @Override
        public void entered(Identity identity, EventFd eventFd) {}

        @Override
        public void shared(Identity identity, EventFd eventFd) {}

        @Override
        public void advanced(Identity identity, long object, long advance) {}

        @Override
        public void removed(Identity identity) {}

        @Override
        public void leased(KeptLease lease) {}

        @Override
        public void moved(KeptLease lease) {}

        @Override
        public void leaseEnded(String id) {}

        @Override
        public CompletableFuture<Void> written() {
            return asked.getAndIncrement() < slow ? first : CompletableFuture.completedFuture(null);
        }
    }

    private SlowLedger slowly() throws IOException {
        return slowly(1);
    }

    private SlowLedger slowly(int slow) throws IOException {
        var ledger = new SlowLedger(slow);
        daemon.close();
        daemon = new FdServerUnderTest(FdServerUnderTest.ROOMY, 100, ledger);
        return ledger;
    }

    @Test
    void whatIsMadeIsSentOnceTheNextDaemonWouldKnowOfIt() throws IOException {
        var ledger = slowly();
        var client = daemon.client();
        client.send(creating("a"));
        until(() -> ledger.asked.get() == 1);
        assertThat(daemon.client().open(there("b")).slug()).isEqualTo("not-found");
        assertThat(client.hasSomething()).isFalse();
        ledger.first.complete(null);
        client.reply().close();
        client.open(there("a")).close();
    }

    @Test
    void whoOpensItMeanwhileWaitsForThatToo() throws IOException {
        var ledger = slowly(2);
        var client = daemon.client();
        var other = daemon.client();
        client.send(creating("a"));
        until(() -> ledger.asked.get() == 1);
        other.send(there("a"));
        until(() -> ledger.asked.get() == 2);
        assertThat(other.hasSomething()).isFalse();
        ledger.first.complete(null);
        client.reply().close();
        other.reply().close();
    }

    @Test
    void whatIsDeletedBeforeItIsSentIsNotFoundAndAllElseIsAsItWas() throws IOException {
        var ledger = slowly(2);
        var first = daemon.client();
        first.send(creating("a"));
        until(() -> ledger.asked.get() == 1);
        var client = daemon.client();
        client.send(there("a"), creating("b"));
        until(() -> ledger.asked.get() == 2);
        first.close(); // which takes its eventfd back
        until(() -> daemon.eventfds.size() == 1);
        ledger.first.complete(null);
        assertThat(client.reply().slug()).isEqualTo("not-found");
        assertThat(daemon.eventfds.size()).isZero();
    }

    @Test
    void whatIsToBeCreatedAndIsDeletedBeforeItIsSentIsCreatedAgain() throws IOException {
        var ledger = slowly();
        var client = daemon.client();
        client.send(creating("a"), creating("b"));
        until(() -> ledger.asked.get() == 1);
        daemon.delete("a");
        ledger.first.complete(null);
        try (var reply = client.reply()) {
            assertThat(reply.entries())
                    .containsExactly(
                            entry("a", EventfdSpec.counter(), true),
                            entry("b", EventfdSpec.counter(), true));
            assertThat(reply.fds()).hasSize(2);
        }
        daemon.client().open(there("a"), there("b")).close();
    }

    @Test
    void aClientThatGoesBeforeItIsSentLeavesNothingBehind() throws IOException {
        var ledger = slowly();
        var client = daemon.client();
        client.send(creating("a"));
        until(() -> ledger.asked.get() == 1);
        client.close();
        until(() -> daemon.eventfds.size() == 0);
        daemon.make("a", EventfdSpec.counter());
        ledger.first.complete(null);
        daemon.client().open(there("a")).close();
    }

    // Limits

    private void restart(FdLimits limits, int maxEventfds) throws IOException {
        daemon.close();
        daemon = new FdServerUnderTest(limits, maxEventfds);
    }

    @Test
    void aUserHasAsManyUnderWayAsAreLeftForOthers() throws IOException {
        restart(FdServerUnderTest.limits(10, 10), 100);
        var deaf = daemon.client();
        deaf.send(creating("a"), creating("b"), creating("c"), creating("d"));
        until(deaf::hasSomething);
        var other = daemon.client();
        var problem = other.open(creating("e"), there("a"), there("b")).problem();
        assertThat(problem.slug()).isEqualTo("limit");
        assertThat(problem.detail()).contains("max-fds-in-flight:");
        assertThat(daemon.eventfds.size()).isEqualTo(4);
        try (var reply = other.open(there("a"))) {
            assertThat(reply.fds()).hasSize(1);
        }
        deaf.reply().close();
        try (var reply = other.open(creating("e"), there("a"), there("b"))) {
            assertThat(reply.fds()).hasSize(3);
        }
    }

    @Test
    void whatADeafClientHadUnderWayEndsWithIt() throws IOException {
        restart(FdServerUnderTest.limits(10, 4), 100);
        var deaf = daemon.client();
        deaf.send(creating("a"), creating("b"));
        until(deaf::hasSomething);
        var other = daemon.client();
        assertThat(other.open(there("a")).slug()).isEqualTo("limit");
        deaf.close();
        until(() -> daemon.server.connections() == 1);
        other.open(there("a"), there("b")).close();
    }

    @Test
    void oneConnectionTooManyIsToldAndClosed() throws IOException {
        restart(FdServerUnderTest.limits(2, 100), 100);
        var first = daemon.client();
        first.open(creating("a")).close();
        daemon.client().open(creating("a")).close();
        var third = daemon.client();
        assertThat(third.reply().slug()).isEqualTo("limit");
        third.assertEnded();
        first.close();
        until(() -> daemon.server.connections() == 1);
        daemon.client().open(there("a")).close();
    }

    @Test
    void aFloodOfConnectionsIsAllTold() throws IOException {
        restart(FdServerUnderTest.limits(1, 100), 100);
        daemon.client().open(creating("a")).close();
        for (int i = 0; i < 300; i++) {
            try (var client = daemon.client()) {
                client.offer(request(there("a")));
                assertThat(client.reply().slug()).isEqualTo("limit");
            }
        }
    }

    @Test
    void aLeaseWhoseReplyIsTakenAsTheServerEndsStays() throws IOException {
        daemon.make("s", EventfdSpec.semaphoreOf(1));
        var client = daemon.client();
        client.send(
                "{\"op\":\"lease\",\"take\":[{\"name\":\"s\"}],\"holder\":\"1h\"}".getBytes(UTF_8));
        until(client::hasSomething);
        var ending =
                CompletableFuture.runAsync(() -> {
                    try {
                        daemon.server.close();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
        until(() -> !Files.exists(daemon.path));
        new LoopCalls(daemon.loop).run(() -> {});
        assertThat(client.reply().json()).contains("\"holder\"");
        ending.join();
        assertThat(daemon.eventfds.leases().sizes()).containsEntry(LeaseState.Kind.DURATION, 1);
    }

    @Test
    void moreEventfdsThanThereMayBeAreNotMade() throws IOException {
        restart(FdServerUnderTest.ROOMY, 2);
        var client = daemon.client();
        assertThat(client.open(creating("a"), creating("b"), creating("c")).slug())
                .isEqualTo("limit");
        assertThat(daemon.eventfds.size()).isZero();
        client.open(creating("a"), creating("b")).close();
    }

    @Test
    void manyClientsAtOnceEachGetTheirOwn() throws IOException {
        var clients = new Client[200];
        for (int i = 0; i < clients.length; i++) {
            clients[i] = daemon.client();
        }
        for (int round = 0; round < 5; round++) {
            for (int i = 0; i < clients.length; i++) {
                clients[i].send(creating("n" + i, EventfdSpec.semaphoreOf(i + 1)));
            }
            for (int i = 0; i < clients.length; i++) {
                try (var reply = clients[i].reply()) {
                    assertThat(reply.entries())
                            .extracting(entry -> entry.name().value())
                            .containsExactly("n" + i);
                }
            }
        }
    }

    /** Otherwise a turn would take as long as all of them. */
    @Test
    void requestsOfManyClientsAtOnceAreCarriedOutInTurn() throws IOException {
        var clients = new ArrayList<Client>();
        for (int i = 0; i < 50; i++) {
            clients.add(daemon.client());
        }
        var allAreSent = new CompletableFuture<Boolean>();
        daemon.loop.submit(() -> assertThat(allAreSent.join()).isTrue());
        clients.forEach(client -> client.send(creating("a")));
        long before = daemon.loop.turns();
        daemon.oneStepATurn();
        allAreSent.complete(true);
        clients.forEach(client -> client.reply().close());
        // The first turn may answer one as its event comes, and one as work.
        assertThat(daemon.loop.turns() - before).isGreaterThanOrEqualTo(49);
    }
}
