package io.eventfdd.server.eventfds;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;

/**
 * A count that was seen, or a value that was taken, of one eventfd. A value that was taken can be
 * {@linkplain Eventfds#putBack put back} to the same eventfd.
 */
public final class Reading {
    private final NamedEventfd source;
    private final long value;

    Reading(NamedEventfd source, long value) {
        this.source = source;
        this.value = value;
    }

    NamedEventfd source() {
        return source;
    }

    /** The name that the eventfd had. */
    public EventfdName name() {
        return source.name();
    }

    /** Whether the eventfd was deleted, so that the value is gone too. */
    public boolean isGone() {
        return source.eventFd().fd().isClosed();
    }

    /** The count that was seen, or the value that was taken; unsigned, never 0. */
    public long value() {
        return value;
    }

    @Override
    public String toString() {
        return name() + "=" + Count.toString(value);
    }
}
