package io.eventfdd.server.fdsocket;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.SeqPacketSocket;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.SequencedSet;

/**
 * The descriptors that are sent and not yet received. They count against the RLIMIT_NOFILE of the
 * daemon's user (unix(7), ETOOMANYREFS), and one who never reads must not use them up. Belongs to
 * the loop's thread.
 *
 * <p>The rule is that a user may have as many under way as are left over for the others. So a deaf
 * one comes to half of all at most, two come to a third each, and there is always something left
 * for one that comes anew.
 */
final class Flights {
    /** How many are asked at most whether they have landed, when one wants to start. */
    private static final int LOOKS = 64;

    /** The descriptors of one reply. */
    record Flight(SeqPacketSocket socket, int user, int fds) {
        private boolean hasLanded() {
            try {
                return socket.peerHasTakenAll();
            } catch (ErrnoException e) {
                return false; // until its connection ends
            }
        }
    }

    private long most;
    private final Map<Integer, Integer> ofUser = new HashMap<>();

    /** Nobody says when a reply is received, unless asked; those asked last are last. */
    private final SequencedSet<Flight> underWay = new LinkedHashSet<>();

    private long total;

    Flights(long most) {
        this.most = most;
    }

    /** From now on that many; what is under way above it lands all the same. */
    void limit(long now) {
        most = now;
    }

    /**
     * Looks for flights that have landed until {@code user} may have {@code fds} more under way;
     * false if that many are under way still.
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

    /** They are sent. */
    Flight begin(SeqPacketSocket socket, int user, int fds) {
        var flight = new Flight(socket, user, fds);
        underWay.add(flight);
        total += fds;
        ofUser.merge(user, fds, Integer::sum);
        return flight;
    }

    /** They are received, or their receiver is gone; may be said more than once. */
    void end(Flight flight) {
        if (underWay.remove(flight)) {
            total -= flight.fds();
            ofUser.computeIfPresent(
                    flight.user(), (user, sum) -> sum == flight.fds() ? null : sum - flight.fds());
        }
    }
}
