package io.eventfdd.internal.reactor;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.ReadBuffer;

import java.lang.System.Logger.Level;

/** An eventfd with which any thread ends the native wait of one. */
final class Wakeup implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Wakeup.class.getName());

    private final EventFd eventFd;
    private final ReadBuffer buffer = new ReadBuffer();

    private Wakeup(EventFd eventFd) {
        this.eventFd = eventFd;
    }

    static Wakeup create() throws ErrnoException {
        return new Wakeup(EventFd.create(0, false, true));
    }

    /** What the one thread waits for, besides other things. */
    Fd fd() {
        return eventFd.fd();
    }

    /** Ends the wait that is under way, or the next one; nothing where this is closed. */
    void wake() {
        if (!fd().acquire()) {
            return;
        }
        try {
            eventFd.write(1);
        } catch (ErrnoException e) {
            LOG.log(Level.DEBUG, "cannot wake a thread", e);
        } finally {
            fd().release();
        }
    }

    /** The one thread is awake. */
    void reset() throws ErrnoException {
        eventFd.readNow(buffer);
    }

    @Override
    public void close() {
        eventFd.close();
    }
}
