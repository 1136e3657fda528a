package io.eventfdd.server.testing;

import io.eventfdd.server.eventfds.Limits;

/** Limits for tests of something else. */
public final class TestLimits {
    private TestLimits() {}

    /** So many eventfds and waiters, and one user may have all of them. */
    public static Limits of(int eventfds, int waiters) {
        var waiting = new Limits.Limit(waiters, waiters);
        return new Limits(
                new Limits.Limit(eventfds, eventfds), waiting, waiters, waiting, waiting, waiters);
    }
}
