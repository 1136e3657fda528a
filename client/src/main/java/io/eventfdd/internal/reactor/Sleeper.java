package io.eventfdd.internal.reactor;

import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.Naps;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.Readiness;

import java.nio.channels.ClosedByInterruptException;
import java.util.List;

/**
 * Lets a platform thread block in poll(2) itself. It adds its own eventfd to the set, to which a
 * close or an interrupt writes. One thread at a time uses it; any thread may {@link #wake} it, even
 * if it is not asleep.
 */
public final class Sleeper implements AutoCloseable {
    private final Waker waker;
    private final Readiness readiness = new Readiness();
    private InterruptHook hook = new InterruptHook(this::wake);

    private Sleeper(Waker waker) {
        this.waker = waker;
    }

    public static Sleeper create() throws ErrnoException {
        return new Sleeper(Waker.create());
    }

    /** Ends the current sleep, or the next one. */
    public void wake() {
        waker.wake();
    }

    /**
     * Sleeps until one of {@code fds} is readable, and returns true. Returns false if {@code
     * deadline} has passed or if it was woken. The caller must have acquired the descriptors.
     */
    public boolean sleep(List<Fd> fds, Deadline deadline)
            throws InterruptedException, ErrnoException {
        readiness.begin(fds.size() + 1);
        readiness.ask(waker.fd());
        fds.forEach(readiness::ask);
        var naps = new Naps();
        int ready;
        try {
            do {
                ready = nap(naps.next(deadline.millisLeft()));
            } while (ready == 0 && !deadline.hasPassed());
        } catch (ClosedByInterruptException e) {
            hook = new InterruptHook(this::wake);
            waker.reset();
            Thread.interrupted();
            throw new InterruptedException();
        }
        if (ready > 0 && readiness.isReadable(0)) {
            waker.reset();
            ready--;
        }
        return ready > 0;
    }

    private int nap(int millis) throws ClosedByInterruptException, ErrnoException {
        hook.enter();
        try {
            return readiness.await(millis);
        } finally {
            hook.exit();
        }
    }

    @Override
    public void close() {
        waker.close();
    }
}
