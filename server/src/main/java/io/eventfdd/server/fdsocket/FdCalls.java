package io.eventfdd.server.fdsocket;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.OpenFiles;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.server.eventfds.Caller;
import io.eventfdd.server.eventfds.Opened;
import io.eventfdd.server.loop.EventLoop;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Carries out the calls of one client, one after the other. Belongs to the loop's thread. */
final class FdCalls {
    private static final int ROOT = 0;

    private final FdClients clients;
    private final EventLoop loop;
    private final FdConnection connection;
    private final Caller caller;

    /** The eventfds that are sent as soon as the table has them. */
    private @Nullable Opened unsent;

    FdCalls(FdClients clients, EventLoop loop, FdConnection connection, Caller caller) {
        this.clients = clients;
        this.loop = loop;
        this.connection = connection;
        this.caller = caller;
    }

    /**
     * This is done even if the donor has gone meanwhile, because it may have been the last holder.
     */
    void donate(List<Donors.Brought> brought) throws IOException {
        var answer = Donors.donate(brought, clients.eventfds(), caller);
        if (answer.settled().isDone()) {
            reply(answer);
            return;
        }
        // The eventfds may be deleted meanwhile.
        answer.fds().forEach(Fd::acquire);
        var _ = answer.settled().whenComplete((ok, e) -> loop.submit(new LateReply(answer)));
    }

    /**
     * Replies to a donation once it is settled; it holds the descriptors of the reply until then.
     */
    private final class LateReply implements EventLoop.Task {
        private final Donors.Answer answer;

        LateReply(Donors.Answer answer) {
            this.answer = answer;
        }

        @Override
        public void run() throws IOException {
            try {
                reply(answer);
            } finally {
                abandon();
            }
        }

        @Override
        public void abandon() {
            answer.fds().forEach(Fd::release);
        }
    }

    private void reply(Donors.Answer answer) throws IOException {
        var packet = Json.bytes(answer.reply().toJson());
        if (answer.fds().isEmpty()) {
            connection.reply(packet, FdConnection.OK);
            return;
        }
        try {
            connection.sendFds(packet, answer.fds());
        } catch (ProblemException e) {
            connection.reply(e.problem());
        }
    }

    void open(OpenRequest request) throws IOException {
        if (connection.isClosed()) {
            connection.gone();
            return;
        }
        var awaited = clients.eventfds().succession().awaited(request);
        if (awaited.isPresent()) {
            connection.busy();
            var _ =
                    awaited.get()
                            .whenComplete((filled, end) -> loop.submit(() -> openNow(request)));
        } else {
            openNow(request);
        }
    }

    private void openNow(OpenRequest request) throws IOException {
        if (connection.isClosed()) {
            connection.gone();
            return;
        }
        try {
            connection.checkFlights(request.entries().size());
            send(request, clients.eventfds().handouts().open(request, caller));
        } catch (ProblemException e) {
            connection.reply(e.problem());
        }
    }

    /** Sends the descriptors at once, or as soon as the next daemon would know of them. */
    private void send(OpenRequest request, Opened opened) throws IOException {
        unsent = opened;
        if (opened.written().isDone()) {
            sendUnsent(request);
        } else {
            connection.busy();
            var _ =
                    opened.written()
                            .whenComplete((ok, e) -> loop.submit(() -> sendUnsent(request)));
        }
    }

    private void sendUnsent(OpenRequest request) throws IOException {
        var opened = unsent;
        if (opened == null) {
            connection.gone();
            return;
        }
        if (!opened.isStanding()) {
            // One was deleted meanwhile: what is to be created then is created anew.
            end();
            openNow(request);
            return;
        }
        try {
            if (connection.sendFds(opened.reply().toBytes(), opened.fds())) {
                unsent = null;
            }
        } catch (ProblemException e) {
            end();
            connection.reply(e.problem());
        }
    }

    /**
     * Takes everything back if nothing can be sent any more: a request has its whole effect or
     * none.
     */
    void end() throws IOException {
        if (unsent != null) {
            clients.eventfds().handouts().takeBack(unsent);
            unsent = null;
        }
    }

    /** Whether a process of {@code user} may take over from this daemon. */
    static boolean mayTakeOver(int user) {
        return user == ROOT || user == OpenFiles.effectiveUser();
    }

    /** Handles the request of another daemon to take over. */
    void takeOver() throws IOException {
        if (connection.isClosed()) {
            return;
        }
        if (!mayTakeOver(caller.peer().uid())) {
            var refusal =
                    clients.eventfds()
                            .forbidden(
                                    caller, "take over: only the daemon's own user and root may");
            connection.reply(refusal.problem());
            return;
        }
        connection.busy();
        var _ = clients.obstacle().thenAccept(obstacle -> loop.submit(() -> takeOver(obstacle)));
    }

    private void takeOver(Optional<String> obstacle) throws IOException {
        if (connection.isClosed()) {
            connection.gone();
        } else if (obstacle.isPresent()) {
            connection.reply(
                    ProblemType.LIMIT.problem(
                            "the daemon could not hand over, and goes on: " + obstacle.get()));
        } else if (!clients.beginTakeover(connection)) {
            connection.reply(FdConnection.SHUTTING_DOWN);
        }
    }
}
