package io.eventfdd.server.handover;

import io.eventfdd.internal.linux.Fd;

/**
 * Somebody outside this process who keeps descriptors, by their number in the table, for the next
 * one.
 */
interface Keeper {
    /** Nobody. */
    Keeper NOBODY =
            new Keeper() {
                @Override
                public void keep(long id, Fd fd) {}

                @Override
                public void forget(long id) {}
            };

    /** Keeps a copy of {@code fd}, which is open during the call. */
    void keep(long id, Fd fd);

    /** Lets go of the copy. */
    void forget(long id);
}
