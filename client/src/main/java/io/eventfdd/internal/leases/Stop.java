package io.eventfdd.internal.leases;

import org.jspecify.annotations.Nullable;

/** With this, others end a call that waits, before it begins or while it is under way. */
public final class Stop {
    private @Nullable Runnable end;
    private boolean stopped;

    /** The call begins; {@code how} ends it, is short, and can be called several times. */
    public synchronized void begin(Runnable how) {
        end = how;
        if (stopped) {
            how.run();
        }
    }

    /** The call is over: what it used may be another's. */
    public synchronized void over() {
        end = null;
    }

    /** Ends the call, and each one that begins later. */
    public synchronized void stop() {
        stopped = true;
        if (end != null) {
            end.run();
        }
    }

    /** Whether the call is to end. */
    public synchronized boolean isStopped() {
        return stopped;
    }
}
