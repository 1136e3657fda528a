package io.eventfdd.server.fdsocket;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.UnixPeer;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.LeaseHolder;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.internal.wire.Op;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.server.eventfds.Caller;
import io.eventfdd.server.eventfds.Lease;
import io.eventfdd.server.eventfds.LeaseCalls;
import io.eventfdd.server.loop.EventLoop;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Carries out the calls of one client on leases, one after the other, and finds out whether the
 * client took a reply with a lease. Belongs to the loop's thread, except for {@link #understood}.
 */
final class FdLeases {
    private static final byte[] NONE = "{\"id\":null}".getBytes(StandardCharsets.US_ASCII);

    private final FdClients clients;
    private final EventLoop loop;
    private final FdConnection connection;
    private final Caller caller;

    /** The lease in the last reply, until it is known whether the client took that reply. */
    private @Nullable Lease granted;

    FdLeases(FdClients clients, EventLoop loop, FdConnection connection, Caller caller) {
        this.clients = clients;
        this.loop = loop;
        this.connection = connection;
        this.caller = caller;
    }

    private LeaseCalls leases() {
        return clients.eventfds().leases();
    }

    /** Parses a packet of {@code op}, on any thread, into a task for the loop's thread. */
    EventLoop.Task understood(Op op, JsonFields fields) {
        if (op == Op.LEASE) {
            var request =
                    LeaseRequest.from(fields, Duration.ZERO, clients.maxWait(), clients.maxLease());
            return () -> settled(leases().awaited(request), () -> take(request));
        }
        var id = fields.text("id").orElseThrow(() -> missingId(op));
        Optional<LeaseHolder> holder =
                op == Op.RENEW
                        ? fields.text("holder")
                                .map(text -> LeaseHolder.parse(text, clients.maxLease()))
                        : Optional.empty();
        fields.end();
        Call call =
                switch (op) {
                    case RELEASE -> () -> leases().releaseNow(id, caller);
                    case COMMIT -> () -> leases().commitNow(id, caller);
                    case RENEW -> () -> leases().renewNow(id, holder, caller);
                    default -> () -> leases().resumeNow(id, caller);
                };
        return () -> settled(leases().awaited(id), () -> make(call, id));
    }

    private static ProblemException missingId(Op op) {
        return new ProblemException(
                ProblemType.INVALID_REQUEST, "the field id of " + op.word() + " is missing");
    }

    /**
     * A call that is carried out on the loop's thread, and whose effect the table must have before
     * the reply.
     */
    @FunctionalInterface
    private interface Call {
        CompletableFuture<Void> make() throws IOException;
    }

    /** Runs {@code task} as soon as {@code awaited} is completed. */
    private void settled(Optional<CompletableFuture<Void>> awaited, EventLoop.Task task)
            throws IOException {
        if (connection.isClosed()) {
            connection.gone();
        } else if (awaited.isPresent()) {
            connection.busy();
            then(awaited.get(), task);
        } else {
            task.run();
        }
    }

    private void then(CompletableFuture<?> done, EventLoop.Task task) {
        var _ = done.whenComplete((ok, e) -> loop.submit(() -> ifOpen(task)));
    }

    private void ifOpen(EventLoop.Task task) throws IOException {
        if (connection.isClosed()) {
            connection.gone();
        } else {
            task.run();
        }
    }

    private void make(Call call, String id) throws IOException {
        try {
            var written = call.make();
            var reply = Json.bytes(Json.object().put("id", id));
            if (written.isDone()) {
                connection.reply(reply, FdConnection.OK);
            } else {
                connection.busy();
                then(written, () -> connection.reply(reply, FdConnection.OK));
            }
        } catch (ProblemException e) {
            connection.reply(e.problem());
        }
    }

    private void take(LeaseRequest request) throws IOException {
        try {
            var asked = leases().ask(request, caller);
            if (asked.settled().isDone()) {
                taken(asked);
            } else {
                connection.busy();
                then(asked.settled(), () -> taken(asked));
            }
        } catch (ProblemException e) {
            connection.reply(e.problem());
        }
    }

    private void taken(LeaseCalls.Asked asked) throws IOException {
        Optional<Lease> lease;
        try {
            lease = asked.result();
        } catch (ProblemException e) {
            connection.reply(e.problem());
            return;
        }
        if (lease.isEmpty()) {
            connection.reply(NONE, FdConnection.OK);
            return;
        }
        var written = leases().written();
        if (written.isDone()) {
            grant(lease.get());
        } else {
            connection.busy();
            then(written, () -> grant(lease.get()));
        }
    }

    /** If the client has gone meanwhile, the lease ends with its connection. */
    private void grant(Lease lease) throws IOException {
        connection.reply(lease.state().toText().getBytes(StandardCharsets.UTF_8), FdConnection.OK);
        if (!connection.isClosed()) {
            granted = lease;
            lease.sent();
            clients.lookAfterDeaf();
        }
    }

    // The reply

    /** Called when the client asks for more: whether it {@code took} the last reply. */
    void settle(boolean took) throws IOException {
        if (granted != null) {
            leases().settleNow(granted, caller, took);
            granted = null;
        }
    }

    /**
     * Looks whether the client took the reply that granted it a lease, if that is not known yet.
     */
    void settleIfTaken() throws IOException {
        if (granted != null && connection.isTaken()) {
            settle(true);
        }
    }

    /** Whether the client has yet to take the reply that granted it a lease. */
    boolean isGrantUntaken() throws ErrnoException {
        return granted != null && UnixPeer.hasUntaken(caller.socket());
    }

    /** Called when the connection ends. */
    void end() throws IOException {
        if (granted != null) {
            settle(connection.isTaken());
        }
        leases().ended(caller);
    }
}
