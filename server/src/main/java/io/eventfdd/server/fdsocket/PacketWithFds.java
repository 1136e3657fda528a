package io.eventfdd.server.fdsocket;

import io.eventfdd.client.Problem;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.wire.DonateRequest;
import io.eventfdd.internal.wire.Op;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.loop.LoopCalls;

import java.util.List;
import java.util.Optional;

/**
 * A packet with descriptors, which are wanted only if it is a donation. Its size does not depend on
 * max-packet, because a daemon has to take back whatever another one gave. Belongs to the thread of
 * the {@link Disposal}; the donation itself is made on the loop's thread.
 */
final class PacketWithFds implements Disposal.Receiver {
    private static final Problem UNASKED =
            ProblemType.INVALID_REQUEST.problem(
                    "the request came with descriptors; only donate may bring some");

    private final FdClients clients;
    private final EventLoop loop;
    private final FdConnection connection;
    private final int size;

    /** The reason why the descriptors are not wanted. */
    private Problem refusal = UNASKED;

    /** What the client asks for, if that is known. */
    private Optional<Op> op = Optional.empty();

    /** Decides about a packet of {@code size} bytes that the client of {@code connection} sent. */
    PacketWithFds(FdClients clients, EventLoop loop, FdConnection connection, int size) {
        this.clients = clients;
        this.loop = loop;
        this.connection = connection;
        this.size = size;
    }

    @Override
    public int wanted(byte[] packet) {
        if (size > OpenRequest.MAX_PACKET) {
            refusal =
                    ProblemType.TOO_LARGE.problem(
                            "a packet is at most " + OpenRequest.MAX_PACKET + " bytes");
            return 0;
        }
        int most = clients.maxDonation();
        var brought = DonateRequest.size(packet);
        if (brought.isEmpty()) {
            refusal = UNASKED;
            return 0;
        }
        op = Optional.of(Op.DONATE);
        if (brought.getAsInt() > most) {
            refusal =
                    ProblemType.LIMIT.problem(
                            "max-donation: a packet brings at most " + most + " eventfds");
            return 0;
        }
        return most;
    }

    @Override
    public void taken(Received.Packet packet) throws ErrnoException {
        try {
            settle(Donors.understood(packet));
        } catch (ProblemException e) {
            refusal = e.problem();
            dropped();
        }
    }

    /**
     * Returns when the donation is done: one at a time, so that few descriptors are on their way.
     */
    private void settle(List<Donors.Brought> brought) {
        new LoopCalls(loop).run(() -> connection.donate(brought));
    }

    @Override
    public void dropped() {
        loop.submit(() -> {
            op.ifPresent(connection::begin);
            connection.reply(refusal);
        });
    }

    /** Ends the connection, which would be read in vain again and again. */
    @Override
    public void failed(ErrnoException why) {
        loop.submit(() -> {
            connection.failed(why);
            connection.gone();
        });
    }
}
