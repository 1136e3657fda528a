package io.eventfdd.internal.reactor;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.ReadBuffer;

/**
 * An eventfd with which any thread ends the native wait of one thread: that of the daemon's loop,
 * or that of the library.
 */
public final class Waker implements AutoCloseable {
    private final EventFd eventFd;
    private final ReadBuffer buffer = new ReadBuffer();

    private Waker(EventFd eventFd) {
        this.eventFd = eventFd;
    }

    /** Creates a waker for which no thread waits yet. */
    public static Waker create() throws ErrnoException {
        return new Waker(EventFd.create(0, false, true));
    }

    /** The descriptor that the one thread waits for, besides others. */
    public Fd fd() {
        return eventFd.fd();
    }

    /** Ends the current wait, or the next one. Does nothing if this is closed. */
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
     * Called by the one thread when it is awake. This is not needed if the wait is edge-triggered,
     * because each wake is an edge.
     */
    public void reset() throws ErrnoException {
        eventFd.readNow(buffer);
    }

    @Override
    public void close() {
        eventFd.close();
    }
}
