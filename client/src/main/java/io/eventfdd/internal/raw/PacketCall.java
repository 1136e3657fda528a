package io.eventfdd.internal.raw;

import io.eventfdd.client.ClosedEventfdException;
import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.DaemonFaultException;
import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.client.EventfddException;
import io.eventfdd.client.Problem;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.Failures;
import io.eventfdd.internal.Outage;
import io.eventfdd.internal.leases.Stop;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.JsonObject;
import io.eventfdd.internal.wire.Op;
import io.eventfdd.internal.wire.ProblemDocument;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.Timeout;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * One request about a lease until it has its reply. If a daemon ends before it replies, the request
 * is sent to the next one, because each of these requests may be carried out twice. For one thread.
 */
final class PacketCall {
    /**
     * The reply of the daemon.
     *
     * @param problem the problem, if there was one
     * @param link the connection, which the caller uses or gives back
     * @param inDoubt whether an earlier daemon may have carried out the request as well
     */
    record Reply(JsonFields fields, Optional<Problem> problem, PacketLink link, boolean inDoubt) {
        /** Throws the problem, if there is one. */
        void check() {
            problem.ifPresent(one -> {
                throw Failures.of(one);
            });
        }

        boolean is(ProblemType type) {
            return problem.filter(one -> one.type() == type).isPresent();
        }
    }

    private final RawLeases leases;
    private final Op op;
    private final Supplier<JsonObject> request;
    private final Duration longest;
    private final Outage away;
    private final boolean interruptible;
    private final Stop stop;
    private boolean inDoubt;

    /**
     * Creates a request, which has not been sent.
     *
     * @param request makes the request, and makes it anew for another daemon, with the time that is
     *     left
     * @param longest how long its reply may take
     * @param away bounds the time between one daemon and the next
     * @param interruptible whether an interrupt ends it; otherwise the interrupt is kept for later
     * @param stop with which other threads end it
     */
    PacketCall(
            RawLeases leases,
            Op op,
            Supplier<JsonObject> request,
            Duration longest,
            Outage away,
            boolean interruptible,
            Stop stop) {
        this.leases = leases;
        this.op = op;
        this.request = request;
        this.longest = longest;
        this.away = away;
        this.interruptible = interruptible;
        this.stop = stop;
    }

    /**
     * Sends the request until there is a reply.
     *
     * @throws InterruptedException if the thread was interrupted and there was no reply
     */
    Reply reply() throws InterruptedException {
        if (interruptible && Thread.interrupted()) {
            throw new InterruptedException();
        }
        while (true) {
            var reply = attempt();
            if (reply.isPresent()) {
                return reply.get();
            }
        }
    }

    /** Sends the request once. The result is empty if it has to be sent again. */
    private Optional<Reply> attempt() throws InterruptedException {
        var kept = leases.idle();
        PacketLink link;
        try {
            link = kept.isPresent() ? kept.get() : leases.connected();
        } catch (DaemonUnavailableException e) {
            if (stop.isStopped()) {
                throw stopped();
            } else if (!away.pause()) {
                throw inDoubt ? lost("no daemon answers") : e;
            }
            return Optional.empty();
        }
        Optional<Reply> reply = Optional.empty();
        try {
            leases.begin(link);
            stop.begin(link::end);
            reply = exchange(link, kept.isPresent());
            return reply;
        } catch (ErrnoException e) {
            throw Failures.of(e);
        } finally {
            stop.over();
            leases.over(link);
            if (reply.isEmpty()) {
                link.close();
            }
        }
    }

    private Optional<Reply> exchange(PacketLink link, boolean kept)
            throws InterruptedException, ErrnoException {
        var sent = link.send(Json.bytes(request.get()));
        if (sent == SeqPacketSocket.Sent.PEER_GONE) {
            return again(kept);
        } else if (sent != SeqPacketSocket.Sent.DONE) {
            throw lost("it does not take the request");
        }
        long begun = System.nanoTime();
        var received = link.await(Deadline.in(longest), interruptible);
        long took = System.nanoTime() - begun;
        if (received instanceof Received.Packet reply) {
            var read = read(reply, link);
            if (!read.is(ProblemType.SHUTTING_DOWN)) {
                return Optional.of(read);
            }
            away.daemonHadIt(took);
            return away.pause() ? Optional.empty() : Optional.of(read);
        }
        if (received == Received.Nothing.YET) {
            throw unanswered(link);
        }
        inDoubt = true;
        away.daemonHadIt(took);
        return again(kept);
    }

    /** The connection had ended. If it was kept from before, a daemon may be there nevertheless. */
    private Optional<Reply> again(boolean kept) throws InterruptedException {
        if (!kept && !away.pause()) {
            throw lost("the connection ended");
        }
        return Optional.empty();
    }

    private Reply read(Received.Packet packet, PacketLink link) {
        packet.closeFds();
        try {
            var fields = JsonFields.parse(packet.bytes());
            var problem =
                    fields.has("type")
                            ? Optional.of(ProblemDocument.from(fields))
                            : Optional.<Problem>empty();
            return new Reply(fields, problem, link, inDoubt);
        } catch (ProblemException e) {
            throw new DaemonFaultException("not an answer of eventfdd: " + e.getMessage(), null, e);
        }
    }

    private EventfddException unanswered(PacketLink link) {
        if (stop.isStopped()) {
            return stopped();
        }
        return link.isEnded()
                ? Failures.clientClosed()
                : lost("there was no answer in " + Timeout.format(longest));
    }

    private static ClosedEventfdException stopped() {
        return new ClosedEventfdException("the wait for a lease was ended", null);
    }

    private ConnectionLostException lost(String why) {
        return new ConnectionLostException(op.word() + " on " + leases.path() + ": " + why, null);
    }
}
