package io.eventfdd.internal.raw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.ClosedEventfdException;
import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.DaemonFaultException;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfddException;
import io.eventfdd.client.ProblemType;
import io.eventfdd.client.UnsupportedException;
import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.LongestWait;
import io.eventfdd.internal.leases.HeldLeases;
import io.eventfdd.internal.leases.LeaseWish;
import io.eventfdd.internal.leases.Stop;
import io.eventfdd.internal.linux.PacketBuffer;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.wire.LeaseHolder;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.internal.wire.LeaseShare;
import io.eventfdd.internal.wire.ProblemDocument;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.LinkedBlockingQueue;

/** What becomes of a request about a lease whose daemon ends under it, or cannot do it. */
@Timeout(300)
class RawLeasesTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final String END = "";
    private static final String NOT_FOUND = text(ProblemType.NOT_FOUND);
    private static final LeaseWish WISH = LeaseWish.of(new LeaseShare(new EventfdName("s"), 1));

    /** What the daemon replies to the next requests; {@link #END} ends the connection. */
    private final BlockingQueue<String> replies = new LinkedBlockingQueue<>();

    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<SeqPacketSocket> accepted = new CopyOnWriteArrayList<>();
    private final RawWaits waits = new RawWaits(Duration.ZERO, ForkJoinPool.commonPool());

    @TempDir private Path directory;
    private SeqPacketSocket listener;
    private Thread daemon;
    private volatile boolean over;
    private RawLeases transport;
    private HeldLeases leases;

    @BeforeEach
    void start() throws IOException {
        var path = directory.resolve("fd.sock");
        listener = SeqPacketSocket.listen(path, 0600, 8);
        daemon = new Thread(this::serve);
        daemon.start();
        transport = new RawLeases(path, LONG, LONG, waits);
        leases = new HeldLeases(transport, new LongestWait(() -> LONG), LONG, Runnable::run);
    }

    @AfterEach
    void stop() throws InterruptedException {
        replies.add("{\"id\":\"x\"}"); // to the release of what a test has left
        leases.close();
        over = true;
        daemon.join();
        accepted.forEach(SeqPacketSocket::close);
        listener.close();
        waits.close();
    }

    private static String text(ProblemType type) {
        var bytes = ProblemDocument.bytes(type.problem("said the daemon"));
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static String granted(String kind) {
        return "{\"id\":\"x\",\"take\":[{\"name\":\"s\",\"value\":1}],\"give\":[],"
                + "\"holder\":{\"kind\":\""
                + kind
                + "\",\"pid\":1,\"uid\":0},\"since\":\"2026-01-01T00:00:00Z\"}";
    }

    private void serve() {
        var buffer = new PacketBuffer(10_000, 0);
        try {
            while (!over) {
                listener.accept().ifPresent(accepted::add);
                for (var connection : accepted) {
                    serve(connection, buffer);
                }
                Thread.onSpinWait();
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void serve(SeqPacketSocket connection, PacketBuffer buffer) throws IOException {
        if (!(connection.receive(buffer) instanceof Received.Packet request)) {
            return;
        }
        requests.add(new String(request.bytes(), StandardCharsets.UTF_8));
        var reply = replies.remove();
        if (reply.equals(END)) {
            connection.shutdown();
            accepted.remove(connection);
            connection.close();
        } else {
            connection.send(buffer, reply.getBytes(StandardCharsets.UTF_8), List.of());
        }
    }

    @Test
    void aLeaseIsAskedForAgainIfTheConnectionEndsBeforeTheReply() throws Exception {
        replies.addAll(List.of(END, granted("process")));
        var lease = leases.take(WISH, Deadline.NEVER, new Stop()).orElseThrow();
        assertThat(lease.id()).isEqualTo("x");
        assertThat(requests).hasSize(2).allMatch(it -> it.contains("\"op\":\"lease\""));
    }

    @Test
    void whatIsNotFoundAtTheSecondReleaseWasReleasedByTheFirst() throws Exception {
        replies.addAll(List.of(granted("process"), END, NOT_FOUND));
        var lease = leases.take(WISH, Deadline.NEVER, new Stop()).orElseThrow();
        lease.close();
        assertThat(lease.isHeld()).isFalse();
        assertThat(requests).hasSize(3);
    }

    @Test
    void whatIsNotFoundAtTheSecondCommitMayHaveBeenCommittedByTheFirst() throws Exception {
        replies.addAll(List.of(granted("process"), END, NOT_FOUND));
        var lease = leases.take(WISH, Deadline.NEVER, new Stop()).orElseThrow();
        assertThatThrownBy(lease::commit)
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining("not known");
    }

    @Test
    void aDaemonThatStopsIsNotTheLastOne() throws Exception {
        replies.addAll(List.of(text(ProblemType.SHUTTING_DOWN), granted("process")));
        assertThat(leases.take(WISH, Deadline.NEVER, new Stop())).isPresent();
    }

    @Test
    void withoutTheProcessTheConnectionHoldsTheLease() throws Exception {
        var no = text(ProblemType.UNSUPPORTED);
        replies.addAll(List.of(no, granted("connection"), granted("connection")));
        assertThat(leases.take(WISH, Deadline.NEVER, new Stop())).isPresent();
        assertThat(leases.takeNow(WISH)).isPresent();
        assertThat(requests.get(0)).contains("\"holder\":\"process\"");
        assertThat(requests.subList(1, 3)).allMatch(it -> it.contains("\"holder\":\"connection\""));
        replies.add("{\"id\":\"x\"}");
    }

    @Test
    void whoAsksForTheProcessIsToldThatItCannotBeKnown() {
        replies.add(text(ProblemType.UNSUPPORTED));
        var ofProcess =
                new LeaseWish(WISH.take(), List.of(), Optional.of(new LeaseHolder.OfProcess()));
        assertThatThrownBy(() -> leases.takeNow(ofProcess))
                .isInstanceOf(UnsupportedException.class);
    }

    @ParameterizedTest
    @EnumSource(names = {"INVALID_REQUEST", "INTERNAL"})
    void whatMayBeTheFaultOfAConnectionIsNotMetThereAgain(ProblemType problem) {
        replies.addAll(List.of(text(problem), "{\"id\":\"x\"}"));
        assertThatThrownBy(() -> transport.renew("x", LONG))
                .isInstanceOf(EventfddException.class)
                .hasMessageContaining("said the daemon");
        assertThat(transport.renew("x", LONG)).isTrue();
        assertThat(accepted).hasSize(2);
    }

    @Test
    void whoEndsAWaitWhileNoDaemonIsThereHasEndedIt() {
        var nowhere = new RawLeases(directory.resolve("nowhere"), LONG, LONG, waits);
        var request = new LeaseRequest(WISH.take(), List.of(), new LeaseHolder.OfProcess(), LONG);
        var stop = new Stop();
        stop.stop();
        assertThatThrownBy(() -> nowhere.take(request, stop))
                .isInstanceOf(ClosedEventfdException.class);
    }

    @Test
    void aConnectionOnWhichALeaseIsNotFoundIsUsedAgain() {
        replies.addAll(List.of(NOT_FOUND, "{\"id\":\"x\"}"));
        assertThat(transport.renew("x", LONG)).isFalse();
        assertThat(transport.renew("x", LONG)).isTrue();
        assertThat(accepted).hasSize(1);
    }

    @Test
    void aReplyThatIsNoneIsTheDaemonsFault() {
        for (var reply : List.of("nonsense", "[]", "{\"holder\":{}}")) {
            replies.add(reply);
            assertThatThrownBy(() -> leases.takeNow(WISH))
                    .as(reply)
                    .isInstanceOf(DaemonFaultException.class);
        }
    }
}
