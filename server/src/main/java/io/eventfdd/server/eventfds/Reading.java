package io.eventfdd.server.eventfds;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;

/**
 * What was seen or taken of one eventfd; what was taken can be {@linkplain Eventfds#putBack put
 * back} to that very one.
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

    /** The name that it had. */
    public EventfdName name() {
        return source.name();
    }

    /** Whether its eventfd was deleted, and takes it with it. */
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
