package io.eventfdd.server.eventfds;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.ProblemException;

import java.util.HashMap;
import java.util.Map;

/**
 * Counts one kind of thing, in all and for each user, against its limits. Belongs to the loop's
 * thread.
 */
final class Quota {
    private final String setting;
    private Limits.Limit limit;
    private final Map<Integer, Integer> ofUser = new HashMap<>();
    private int inAll;

    /** Starts at zero. {@code setting} is the key of the limit, for the error. */
    Quota(String setting, Limits.Limit limit) {
        this.setting = setting;
        this.limit = limit;
    }

    /** Changes the limit. What exists above it stays. */
    void limit(Limits.Limit now) {
        limit = now;
    }

    /**
     * Checks that {@code user} may have {@code more}.
     *
     * @throws ProblemException {@code limit}, naming the one that is reached
     */
    void check(int user, int more) {
        if (inAll + more > limit.inAll()) {
            throw new ProblemException(
                    ProblemType.LIMIT,
                    setting + ": there are " + inAll + " of at most " + limit.inAll());
        }
        int own = ofUser.getOrDefault(user, 0);
        if (own + more > limit.perUser()) {
            throw new ProblemException(
                    ProblemType.LIMIT,
                    setting
                            + "-per-user: user "
                            + Integer.toUnsignedString(user)
                            + " has "
                            + own
                            + " of at most "
                            + limit.perUser());
        }
    }

    /** Notes that {@code user} has {@code more} now, or less if {@code more} is negative. */
    void add(int user, int more) {
        inAll += more;
        ofUser.merge(user, more, (a, b) -> a + b == 0 ? null : a + b);
    }

    /** The count of each user that has any. */
    Map<Integer, Integer> byUser() {
        return Map.copyOf(ofUser);
    }

    int inAll() {
        return inAll;
    }
}
