package io.eventfdd.internal;

import io.eventfdd.client.EventfddException;
import io.eventfdd.internal.wire.Timeout;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.function.Supplier;

/**
 * The longest time for which the daemon lets a call wait. The daemon is asked before the first long
 * wait. It is asked again after it has refused a wait, because its setting may have changed, or
 * another daemon may serve by now. Safe for all threads.
 */
public final class LongestWait implements Supplier<Duration> {
    private final Supplier<Duration> question;
    private volatile @Nullable Duration known;

    /**
     * Creates a time that is not known yet.
     *
     * @param question asks the daemon
     */
    public LongestWait(Supplier<Duration> question) {
        this.question = question;
    }

    /**
     * The longest wait for a client that may only have {@code fd.sock}, while the question goes
     * over HTTP. If it gets no answer, the time is the one that a daemon has by default.
     */
    public LongestWait orDefault() {
        return new LongestWait(() -> {
            try {
                return question.get();
            } catch (EventfddException e) {
                return Timeout.DEFAULT_MAX_WAIT;
            }
        });
    }

    /** The longest time, as far as it is known. */
    @Override
    public Duration get() {
        var longest = known;
        if (longest == null) {
            longest = question.get();
            known = longest;
        }
        return longest;
    }

    /** Asks the daemon whether {@code time}, for which it has refused to wait, is too long. */
    public boolean isExceededBy(Duration time) {
        known = null;
        return time.compareTo(get()) > 0;
    }
}
