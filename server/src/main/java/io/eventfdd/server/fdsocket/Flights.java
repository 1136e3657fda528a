package io.eventfdd.server.fdsocket;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.SeqPacketSocket;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.SequencedSet;

/**
 * The descriptors that were sent and not yet received. They count against the RLIMIT_NOFILE of the
 * daemon's user (unix(7), ETOOMANYREFS), and a client that never reads must not use them up.
 * Belongs to the loop's thread.
 *
 * <p>A user may have as many descriptors under way as are left for the others. One user whose
 * clients never read gets at most half of all, two such users get a third each, and there is always
 * something left for another user.
 */
final class Flights {
    /**
     * The greatest number of flights that are checked for having landed when a new one is to start.
     */
    private static final int LOOKS = 64;

    /** The descriptors of one reply. */
    record Flight(SeqPacketSocket socket, int user, int fds) {
        private boolean hasLanded() {
            try {
                return socket.peerHasTakenAll();
            } catch (ErrnoException e) {
                return false; // not before its connection ends
            }
        }
    }

    private long most;
    private final Map<Integer, Integer> ofUser = new HashMap<>();

    /**
     * The flights under way, those that were checked last at the end; only a check tells whether a
     * reply was received.
     */
    private final SequencedSet<Flight> underWay = new LinkedHashSet<>();

    private long total;

    Flights(long most) {
        this.most = most;
    }

    /** Changes the limit. Descriptors above it that are under way are not affected. */
    void limit(long now) {
        most = now;
    }

    /**
     * Checks flights for having landed until {@code user} may have {@code fds} more descriptors
     * under way. Returns false if too many still are.
     */
    boolean makeRoomFor(int fds, int user) {
        for (int looks = Math.min(LOOKS, underWay.size()); !isRoomFor(fds, user); looks--) {
            if (looks == 0) {
                return false;
            }
            var longest = underWay.removeFirst();
            underWay.add(longest);
            if (longest.hasLanded()) {
                end(longest);
            }
        }
        return true;
    }

    private boolean isRoomFor(int fds, int user) {
        return ofUser.getOrDefault(user, 0) + fds <= most - total;
    }

    /** Notes that descriptors were sent. */
    Flight begin(SeqPacketSocket socket, int user, int fds) {
        var flight = new Flight(socket, user, fds);
        underWay.add(flight);
        total += fds;
        ofUser.merge(user, fds, Integer::sum);
        return flight;
    }

    /**
     * Notes that the descriptors were received, or that their receiver is gone. It may be called
     * more than once.
     */
    void end(Flight flight) {
        if (underWay.remove(flight)) {
            total -= flight.fds();
            ofUser.computeIfPresent(
                    flight.user(), (user, sum) -> sum == flight.fds() ? null : sum - flight.fds());
        }
    }
}
