package io.eventfdd.internal.reactor;

import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.Readiness;

import java.nio.channels.ClosedByInterruptException;
import java.util.List;

/**
 * What a platform thread needs to block in poll(2) itself: an eventfd of its own in the set, to
 * which a close or an interrupt writes. Each is one thread's at a time; anybody may {@link #wake}
 * it, also when it is not asleep.
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

    /** Ends the sleep that is under way, or the next one. */
    public void wake() {
        waker.wake();
    }

    /**
     * Sleeps until one of {@code fds} is readable: true; or until {@code deadline} has passed or
     * something woke it: false. The caller has acquired the descriptors.
     */
    public boolean sleep(List<Fd> fds, Deadline deadline)
            throws InterruptedException, ErrnoException {
        readiness.begin(fds.size() + 1);
        readiness.ask(waker.fd());
        fds.forEach(readiness::ask);
        int ready;
        try {
            hook.enter();
            try {
                ready = readiness.await(deadline.millisLeft());
            } finally {
                hook.exit();
            }
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

    @Override
    public void close() {
        waker.close();
    }
}
