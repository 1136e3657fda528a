package io.eventfdd.server.eventfds;

import io.eventfdd.client.EventfdName;
import io.eventfdd.internal.linux.Fd;

/** What became of an eventfd that a holder brought. */
public sealed interface Donation {
    /** Which. */
    EventfdName name();

    /** The name waited for it, and leads to it again. */
    record Adopted(EventfdName name) implements Donation {}

    /** The name leads to it anyway. */
    record Same(EventfdName name) implements Donation {}

    /**
     * The name leads to another one by now.
     *
     * @param fd of that one; it stays the daemon's, and is open until the loop goes on to something
     *     else
     */
    record Replaced(EventfdName name, Fd fd) implements Donation {}
}
