package io.eventfdd.internal.reactor;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.ReadBuffer;

/**
 * An eventfd with which any thread ends the native wait of one: the daemon's loop, or the
 * library's.
 */
public final class Waker implements AutoCloseable {
    private final EventFd eventFd;
    private final ReadBuffer buffer = new ReadBuffer();

    private Waker(EventFd eventFd) {
        this.eventFd = eventFd;
    }

    /** One that nobody waits for yet. */
    public static Waker create() throws ErrnoException {
        return new Waker(EventFd.create(0, false, true));
    }

    /** What the one thread waits for, besides other things. */
    public Fd fd() {
        return eventFd.fd();
    }

    /** Ends the wait that is under way, or the next one; nothing where this is closed. */
    public void wake() {
        if (!fd().acquire()) {
            return;
        }
        try {
            eventFd.write(1);
        } catch (ErrnoException e) {
            throw new IllegalStateException("an eventfd of our own takes no write", e);
        } finally {
            fd().release();
        }
    }

    /**
     * The one thread is awake. Not needed where the wait is edge-triggered: each wake is an edge.
     */
    public void reset() throws ErrnoException {
        eventFd.readNow(buffer);
    }

    @Override
    public void close() {
        eventFd.close();
    }
}
