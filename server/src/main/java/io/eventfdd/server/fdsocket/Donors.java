package io.eventfdd.server.fdsocket;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.wire.DonateReply;
import io.eventfdd.internal.wire.DonateReply.Result;
import io.eventfdd.internal.wire.DonateReply.Taken;
import io.eventfdd.internal.wire.DonateRequest;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.server.eventfds.Caller;
import io.eventfdd.server.eventfds.Donation;
import io.eventfdd.server.eventfds.Eventfds;
import io.eventfdd.server.eventfds.Offer;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Takes the eventfds that clients bring back. It checks on any thread that they are what the client
 * says, and hands them to the eventfds on the loop's thread.
 */
final class Donors {
    /**
     * A descriptor that was brought under a name.
     *
     * @param offer empty if it is not what its donor says; then it is closed already
     */
    record Brought(EventfdName name, @Nullable Offer offer) {}

    /**
     * The reply, and the descriptors that go with it, which the daemon still owns.
     *
     * @param settled completes when the reply may be sent
     */
    record Answer(DonateReply reply, List<Fd> fds, CompletableFuture<?> settled) {}

    private Donors() {}

    /**
     * Reads the offers in {@code packet}. From now on its descriptors belong to the offers, or are
     * closed.
     *
     * @throws ProblemException if the packet as a whole is not a donation
     */
    static List<Brought> understood(Received.Packet packet) throws ErrnoException {
        boolean understood = false;
        try {
            if (packet.controlTruncated()) {
                throw new ProblemException(
                        ProblemType.LIMIT,
                        "open files: the daemon has no descriptors left for this donation");
            }
            if (packet.truncated()) {
                throw new ProblemException(
                        ProblemType.TOO_LARGE,
                        "a packet is at most " + OpenRequest.MAX_PACKET + " bytes");
            }
            var request = DonateRequest.from(JsonFields.parse(packet.bytes()));
            if (request.entries().size() != packet.fds().size()) {
                throw new ProblemException(
                        ProblemType.INVALID_REQUEST,
                        packet.fds().size()
                                + " descriptors came for "
                                + request.entries().size()
                                + " eventfds");
            }
            var brought = checked(request, packet.fds());
            understood = true;
            return brought;
        } finally {
            if (!understood) {
                packet.closeFds();
            }
        }
    }

    private static List<Brought> checked(DonateRequest request, List<Fd> fds)
            throws ErrnoException {
        var brought = new ArrayList<Brought>(fds.size());
        for (int i = 0; i < fds.size(); i++) {
            var entry = request.entries().get(i);
            var fd = fds.get(i);
            if (EventFd.isEventfd(fd) && isAsTold(EventFd.adopt(fd), entry)) {
                var offer = new Offer(entry.name(), entry.spec(), EventFd.adopt(fd));
                brought.add(new Brought(entry.name(), offer));
            } else {
                fd.close();
                brought.add(new Brought(entry.name(), null));
            }
        }
        return brought;
    }

    private static boolean isAsTold(EventFd eventFd, DonateRequest.Entry entry)
            throws ErrnoException {
        return eventFd.isSemaphore().orElse(entry.spec().semaphore()) == entry.spec().semaphore();
    }

    /** Offers the donation to {@code eventfds}. Called on the loop's thread. */
    static Answer donate(List<Brought> brought, Eventfds eventfds, Caller caller)
            throws IOException {
        var entries = new ArrayList<DonateReply.Entry>(brought.size());
        var replaced = new ArrayList<Donation.Replaced>();
        for (var one : brought) {
            entries.add(donate(one, eventfds, caller, replaced));
        }
        var settled =
                CompletableFuture.allOf(
                        replaced.stream()
                                .map(Donation.Replaced::settled)
                                .toArray(CompletableFuture<?>[]::new));
        var fds = replaced.stream().map(Donation.Replaced::fd).toList();
        return new Answer(new DonateReply(entries), fds, settled);
    }

    private static DonateReply.Entry donate(
            Brought brought, Eventfds eventfds, Caller caller, List<Donation.Replaced> replaced)
            throws IOException {
        var offer = brought.offer();
        if (offer == null) {
            return new DonateReply.Refused(brought.name(), ProblemType.INVALID_VALUE);
        }
        try {
            return switch (eventfds.succession().donate(offer, caller)) {
                case Donation.Adopted(var name) -> new Taken(name, Result.ADOPTED);
                case Donation.Same(var name) -> new Taken(name, Result.SAME);
                case Donation.Replaced by -> {
                    replaced.add(by);
                    yield new Taken(by.name(), Result.REPLACED);
                }
            };
        } catch (ProblemException e) {
            return new DonateReply.Refused(brought.name(), e.problem().type());
        }
    }
}
