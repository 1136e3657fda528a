package io.eventfdd.server.handover;

import io.eventfdd.internal.linux.Fd;

/** Keeps descriptors outside of this process for the next one, by their number in the table. */
interface Keeper {
    /** A keeper that keeps nothing. */
    Keeper NOBODY =
            new Keeper() {
                @Override
                public void keep(long id, Fd fd) {}

                @Override
                public void forget(long id) {}
            };

    /** Keeps a copy of {@code fd}, which is open during the call. */
    void keep(long id, Fd fd);

    /** Closes the copy. */
    void forget(long id);
}
