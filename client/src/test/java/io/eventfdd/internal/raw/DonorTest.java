package io.eventfdd.internal.raw;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.OpenFileLimit;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.wire.DonateReply;
import io.eventfdd.internal.wire.DonateReply.Result;
import io.eventfdd.internal.wire.DonateReply.Taken;
import io.eventfdd.internal.wire.DonateRequest;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.ProblemDocument;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/** How the eventfds of a client get to the next daemon, if that does not take them at once. */
@Timeout(300)
class DonorTest {
    /**
     * A packet that the next daemon gets.
     *
     * @param connection the number of the connection, from 0
     */
    private record Donation(int connection, List<DonateRequest.Entry> entries) {}

    private final RawHandles handles = new RawHandles();
    private final List<RawEventfd> eventfds = new ArrayList<>();

    /** How often the client has no memory to say what it has open. */
    private final AtomicInteger errors = new AtomicInteger();

    private final List<SeqPacketSocket> connections = new ArrayList<>();
    private final List<Donation> refused = new ArrayList<>();
    private final Map<EventfdName, EventFd> taken = new HashMap<>();
    private ScriptedDaemon daemon;
    private Donor donor;

    @BeforeEach
    void connect(@TempDir Path directory) throws IOException {
        var path = directory.resolve("fd.sock");
        daemon = new ScriptedDaemon(path);
        donor =
                new Donor(
                        path,
                        RawHandles.PATIENCE,
                        RawHandles.PATIENCE,
                        handles.waits,
                        this::eventfds);
        donor.socket().connect();
    }

    private Collection<RawEventfd> eventfds() {
        if (errors.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            throw new OutOfMemoryError("no heap");
        }
        return eventfds;
    }

    /** The daemon goes first, because a donation waits for its reply. */
    @AfterEach
    void close() {
        daemon.close();
        connections.forEach(SeqPacketSocket::close);
        donor.close();
        handles.close();
        taken.values().forEach(EventFd::close);
    }

    private void open(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            eventfds.add(handles.counter());
        }
    }

    @Test
    void aConnectionOnWhichItIsRefusedAgainAndAgainIsReplaced() throws Exception {
        open(1);
        eventfds.get(0).write(3);
        daemon.accepted().close();
        serve(
                donation -> donation.connection() == 0,
                ProblemType.INVALID_REQUEST,
                () -> !taken.isEmpty());
        assertThat(taken.values().iterator().next().count()).isEqualTo(3);
        assertThat(refused).as("a fault that passes needs no new one").hasSizeGreaterThan(1);
    }

    @Test
    void withoutMemoryForSomeTimeTheyComeNevertheless() throws Exception {
        open(1);
        errors.set(3);
        daemon.accepted().close();
        serve(donation -> false, ProblemType.LIMIT, () -> !taken.isEmpty());
    }

    /** As when the process, or the daemon, has few open files left. */
    @Test
    void whatIsTooMuchForALimitComesInParts() throws Exception {
        open(7);
        daemon.accepted().close();
        serve(
                donation -> donation.entries().size() > 2,
                ProblemType.LIMIT,
                () -> taken.size() == 7);
    }

    @Test
    void whatIsRefusedHoldsUpNoOtherPacket() throws Exception {
        open(DonateRequest.ALWAYS_TAKEN + 1);
        var first = eventfds.get(0).eventfdName();
        daemon.accepted().close();
        serve(
                donation ->
                        donation.entries().stream()
                                .map(DonateRequest.Entry::name)
                                .anyMatch(first::equals),
                ProblemType.INVALID_REQUEST,
                () -> !taken.isEmpty());
    }

    /** To move, a handle needs one descriptor more than the one that comes with the reply. */
    @Test
    void aHandleThatCouldNotMoveIsBroughtAgain() throws Exception {
        open(1);
        eventfds.get(0).write(3);
        daemon.accepted().close();
        try (var second = EventFd.create(0, false, true);
                var third = EventFd.create(0, false, true)) {
            var connection = awaitDonation();
            answer(connection, Result.REPLACED, List.of(second.fd()));
            receiveDonation(connection); // of what was opened meanwhile
            answer(connection, Result.SAME, List.of());
            RawHandles.until(() -> countOf(second) == 3);
            connection.close();
            connection = awaitDonation();
            var limit = OpenFileLimit.afterOneMore();
            try {
                for (int i = 0; i < 2; i++) {
                    answer(connection, Result.REPLACED, List.of(third.fd()));
                    receiveDonation(connection);
                }
            } finally {
                limit.close();
            }
            answer(connection, Result.REPLACED, List.of(third.fd()));
            RawHandles.until(() -> countOf(third) == 3);
        }
    }

    private static long countOf(EventFd eventFd) {
        try {
            return eventFd.count();
        } catch (ErrnoException e) {
            throw new AssertionError(e);
        }
    }

    // The daemon

    /** The connection over which the next donation has come. */
    private SeqPacketSocket awaitDonation() throws IOException {
        var connection = daemon.accepted();
        connections.add(connection);
        receiveDonation(connection);
        return connection;
    }

    private void receiveDonation(SeqPacketSocket connection) throws IOException {
        var received = daemon.receive(connection);
        assertThat(received).isInstanceOf(Received.Packet.class);
        ((Received.Packet) received).closeFds();
    }

    /** Answers for the one eventfd that there is. */
    private void answer(SeqPacketSocket connection, Result result, List<Fd> fds)
            throws IOException {
        var entry = new Taken(eventfds.get(0).eventfdName(), result);
        daemon.send(connection, Json.bytes(new DonateReply(List.of(entry)).toJson()), fds);
    }

    /** Takes donations until {@code done}, but refuses some with {@code problem}. */
    private void serve(Predicate<Donation> refuses, ProblemType problem, BooleanSupplier done)
            throws IOException {
        long deadline = System.nanoTime() + RawHandles.PATIENCE.toNanos();
        while (!done.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
            daemon.accept().ifPresent(connections::add);
            for (int i = 0; i < connections.size(); i++) {
                var connection = connections.get(i);
                if (daemon.receiveNow(connection) instanceof Received.Packet packet) {
                    var request = DonateRequest.from(JsonFields.parse(packet.bytes()));
                    var donation = new Donation(i, request.entries());
                    if (refuses.test(donation)) {
                        packet.closeFds();
                        refused.add(donation);
                        var said = problem.problem("said the daemon");
                        daemon.send(connection, ProblemDocument.bytes(said), List.of());
                    } else {
                        take(connection, donation, packet);
                    }
                }
            }
        }
    }

    private void take(SeqPacketSocket connection, Donation donation, Received.Packet packet)
            throws IOException {
        var results = new ArrayList<DonateReply.Entry>();
        for (int i = 0; i < donation.entries().size(); i++) {
            var name = donation.entries().get(i).name();
            results.add(new Taken(name, Result.ADOPTED));
            var before = taken.put(name, EventFd.adopt(packet.fds().get(i)));
            if (before != null) {
                before.close();
            }
        }
        var reply = Json.bytes(new DonateReply(results).toJson());
        daemon.send(connection, reply, List.of());
    }
}
