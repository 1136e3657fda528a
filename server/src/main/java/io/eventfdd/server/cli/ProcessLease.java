package io.eventfdd.server.cli;

import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.client.EventfddException;
import io.eventfdd.client.ShuttingDownException;
import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.Failures;
import io.eventfdd.internal.Outage;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.PacketBuffer;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.JsonObject;
import io.eventfdd.internal.wire.LeaseHolder;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.internal.wire.LeaseShare;
import io.eventfdd.internal.wire.Op;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.ProblemDocument;
import io.eventfdd.internal.wire.ProblemException;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A lease that is bound to this process, whatever program it becomes; taken on {@code fd.sock} by
 * the thread that has this. To close it does not end the lease.
 */
final class ProcessLease implements AutoCloseable {
    private final Path path;
    private final Duration patience;
    private final Duration maxWait;
    private final PacketBuffer buffer = new PacketBuffer(OpenRequest.MAX_PACKET, 0);
    private @Nullable SeqPacketSocket socket;
    private String id = "";

    /**
     * None so far.
     *
     * @param directory of the daemon's sockets
     * @param patience how long the daemon may take to answer
     * @param maxWait the longest that one request may wait
     */
    ProcessLease(Path directory, Duration patience, Duration maxWait) {
        this.patience = patience;
        this.path = directory.resolve("fd.sock");
        this.maxWait = maxWait;
    }

    /**
     * Takes it. If the daemon is restarted meanwhile, the next one is asked.
     *
     * @return whether all permits were there in time
     */
    boolean take(List<LeaseShare> take, List<LeaseShare> give, Duration timeout)
            throws InterruptedException {
        var deadline = Deadline.in(timeout);
        while (true) {
            var wait = deadline.leftAtMost(() -> maxWait);
            var request = new LeaseRequest(take, give, new LeaseHolder.OfProcess(), wait);
            var granted = granted(request);
            if (granted.isPresent()) {
                id = granted.get();
                return true;
            }
            if (deadline.hasPassed()) {
                return false;
            }
        }
    }

    private Optional<String> granted(LeaseRequest request) throws InterruptedException {
        var packet = request.toJson().put("op", Op.LEASE.word());
        var answer = throughOutages(() -> exchange(packet, request.timeout()));
        // {"id":null}, and nothing else, says that the time was up.
        return answer.has("holder") ? answer.text("id") : Optional.empty();
    }

    /** Ends it: the permits go back, and nothing is given. */
    void release() throws InterruptedException {
        var packet = Op.RELEASE.request().put("id", id);
        var _ = throughOutages(() -> exchange(packet, Duration.ZERO));
    }

    // The connection

    /** A request that may be made once more, if no answer to it has come. */
    private interface Request {
        JsonFields answer() throws ErrnoException;
    }

    private JsonFields throughOutages(Request request) throws InterruptedException {
        var outage = new Outage(Outage.DEFAULT, true);
        while (true) {
            long began = System.nanoTime();
            try {
                return request.answer();
            } catch (ErrnoException e) {
                close();
                throw Failures.of(e);
            } catch (DaemonUnavailableException | ShuttingDownException e) {
                close();
                if (System.nanoTime() - began > Outage.DEFAULT.toNanos()) {
                    outage = new Outage(Outage.DEFAULT, true); // a daemon was there meanwhile
                }
                if (!outage.pause()) {
                    throw e;
                }
            }
        }
    }

    /** Until its answer is received, no lease exists: so a request without one has done nothing. */
    private JsonFields exchange(JsonObject packet, Duration wait) throws ErrnoException {
        var connection = connected();
        var sent = connection.send(buffer, Json.bytes(packet), List.of(), patience);
        if (sent != SeqPacketSocket.Sent.DONE) {
            throw unavailable("it does not take the request");
        }
        var received = connection.receive(buffer, wait.plus(patience));
        if (received instanceof Received.Packet reply) {
            return fields(reply);
        }
        throw unavailable(
                received == Received.Nothing.YET
                        ? "there was no answer in time"
                        : "it closed the connection");
    }

    private static JsonFields fields(Received.Packet reply) {
        try {
            var fields = JsonFields.parse(reply.bytes());
            if (fields.has("type")) {
                throw Failures.of(ProblemDocument.from(fields));
            }
            return fields;
        } catch (ProblemException e) {
            throw Failures.of(e);
        }
    }

    private SeqPacketSocket connected() {
        var connection = socket;
        if (connection == null) {
            try {
                connection = SeqPacketSocket.connect(path, patience);
            } catch (ErrnoException e) {
                throw Failures.unavailable(path, e);
            }
            socket = connection;
        }
        return connection;
    }

    private EventfddException unavailable(String why) {
        return new DaemonUnavailableException("no daemon answers at " + path + ": " + why, null);
    }

    @Override
    public void close() {
        if (socket != null) {
            socket.close();
            socket = null;
        }
    }
}
