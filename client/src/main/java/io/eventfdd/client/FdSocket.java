package io.eventfdd.client;

import io.eventfdd.linux.ErrnoException;
import io.eventfdd.linux.Fd;
import io.eventfdd.linux.PacketBuffer;
import io.eventfdd.linux.Received;
import io.eventfdd.linux.SeqPacketSocket;
import io.eventfdd.protocol.Json;
import io.eventfdd.protocol.JsonFields;
import io.eventfdd.protocol.OpenReply;
import io.eventfdd.protocol.OpenRequest;
import io.eventfdd.protocol.Problem;
import io.eventfdd.protocol.ProblemException;
import io.eventfdd.protocol.ProblemType;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The connection to {@code fd.sock}, over which descriptors come: CONTRACT.md part 2. It is kept,
 * and made again where it ended. Safe for all threads; one request at a time is under way.
 */
final class FdSocket implements AutoCloseable {
    /** Descriptors and what the daemon says of them, in the order of the request. */
    record Opened(OpenReply reply, List<Fd> fds) {}

    private final Path path;
    private final Duration patience;
    private final ReentrantLock lock = new ReentrantLock();

    // Guarded by the lock.
    private @Nullable PacketBuffer buffer;
    private @Nullable SeqPacketSocket connection;
    private boolean closed;

    /**
     * A connection, not yet made.
     *
     * @param patience how long an answer may take
     */
    FdSocket(Path path, Duration patience) {
        this.path = path;
        this.patience = patience;
    }

    /** Connects, so that it is known early whether somebody is there. */
    void connect() {
        onPlatformThread(() -> {
            lock.lock();
            try {
                return connected();
            } finally {
                lock.unlock();
            }
        });
    }

    /** What {@code request} asks for; the caller owns the descriptors. */
    Opened open(OpenRequest request) {
        return onPlatformThread(() -> {
            lock.lock();
            try {
                return exchange(request);
            } catch (ErrnoException e) {
                disconnect();
                throw Failures.of(e);
            } finally {
                lock.unlock();
            }
        });
    }

    /** A virtual thread must not wait in the kernel, where it keeps others from running. */
    private static <T> T onPlatformThread(java.util.function.Supplier<T> task) {
        if (!VirtualThreads.isCurrent()) {
            return task.get();
        }
        var result = new CompletableFuture<T>();
        VirtualThreads.startPlatform(
                "eventfdd-client-open",
                () -> {
                    try {
                        result.complete(task.get());
                    } catch (RuntimeException e) {
                        result.completeExceptionally(e);
                    }
                });
        try {
            return result.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw e;
        }
    }

    private Opened exchange(OpenRequest request) throws ErrnoException {
        var packet = Json.bytes(request.toJson());
        boolean kept = connection != null;
        var opened = exchange(request, packet);
        if (opened == null && kept) {
            // The daemon had closed what was kept from before, or is another one by now.
            disconnect();
            opened = exchange(request, packet);
        }
        if (opened == null) {
            disconnect();
            throw new DaemonUnavailableException(
                    "no daemon answers at " + path + ": it closed the connection", null);
        }
        return opened;
    }

    /** Null where the connection had ended before the daemon got the request. */
    private @Nullable Opened exchange(OpenRequest request, byte[] packet) throws ErrnoException {
        var socket = connected();
        var room = buffer();
        switch (socket.send(room, packet, List.of(), patience)) {
            case DONE -> {}
            case PEER_GONE -> {
                return null;
            }
            case WOULD_BLOCK, TOO_MANY_IN_FLIGHT ->
                    throw lost(request, "it did not take the request in " + patience);
        }
        var received = socket.receive(room, patience);
        if (received instanceof Received.Packet reply) {
            return opened(request, reply);
        }
        disconnect();
        throw lost(
                request,
                received == Received.Nothing.YET
                        ? "there was no answer in " + patience
                        : "the connection ended");
    }

    private Opened opened(OpenRequest request, Received.Packet packet) {
        try {
            var fields = JsonFields.parse(packet.bytes());
            if (fields.has("type")) {
                throw Failures.of(problem(request, fields));
            }
            if (packet.controlTruncated()) {
                throw new LimitException(
                        "this process has no open file left for "
                                + request.entries().size()
                                + " eventfds (EMFILE)",
                        null,
                        null);
            }
            var reply = OpenReply.from(fields);
            if (reply.entries().size() != request.entries().size()
                    || reply.entries().size() != packet.fds().size()) {
                throw new DaemonFaultException(
                        "asked for "
                                + request.entries().size()
                                + " eventfds, got "
                                + reply.entries().size()
                                + " and "
                                + packet.fds().size()
                                + " descriptors",
                        null,
                        null);
            }
            return new Opened(reply, packet.fds());
        } catch (ProblemException e) {
            packet.closeFds();
            throw new DaemonFaultException("not an answer of eventfdd: " + e.getMessage(), null, e);
        } catch (EventfddException e) {
            packet.closeFds();
            throw e;
        }
    }

    private static Problem problem(OpenRequest request, JsonFields fields) {
        var type = fields.text("type").flatMap(ProblemType::ofUrn).orElse(ProblemType.INTERNAL);
        // Over HTTP a name that is there already has a word of its own.
        if (type == ProblemType.EXISTS
                && request.entries().stream().anyMatch(OpenRequest.Entry::exclusive)) {
            type = ProblemType.PRECONDITION_FAILED;
        }
        return type.problem(fields.text("detail").orElse(type.title()));
    }

    private ConnectionLostException lost(OpenRequest request, String why) {
        boolean creates = request.entries().stream().anyMatch(entry -> entry.create() != null);
        return new ConnectionLostException(
                "open of "
                        + request.entries().size()
                        + " eventfds on "
                        + path
                        + ": "
                        + why
                        + (creates ? "; whether they were made is not known" : ""),
                null);
    }

    private SeqPacketSocket connected() {
        if (closed) {
            throw HttpApi.clientClosed();
        }
        var socket = connection;
        if (socket == null) {
            try {
                socket = SeqPacketSocket.connect(path, patience);
            } catch (ErrnoException e) {
                if (e.outOfDescriptors()) {
                    throw Failures.of(e);
                }
                throw new DaemonUnavailableException(
                        "no daemon answers at " + path + ": " + e.getMessage(), e);
            }
            connection = socket;
        }
        return socket;
    }

    private PacketBuffer buffer() {
        var room = buffer;
        if (room == null) {
            room = new PacketBuffer(OpenRequest.MAX_PACKET, OpenRequest.MAX_ENTRIES);
            buffer = room;
        }
        return room;
    }

    private void disconnect() {
        if (connection != null) {
            connection.close();
            connection = null;
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            disconnect();
        } finally {
            lock.unlock();
        }
    }
}
