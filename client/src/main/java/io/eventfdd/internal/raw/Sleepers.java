package io.eventfdd.internal.raw;

import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.reactor.Sleeper;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** The sleepers of one client, kept for the next sleep. Safe for all threads. */
final class Sleepers implements AutoCloseable {
    /** The greatest number of sleepers that are kept; each takes a descriptor. */
    private static final int MOST_KEPT = 32;

    private final ArrayDeque<Sleeper> idle = new ArrayDeque<>();
    private boolean closed;

    /**
     * Blocks the calling platform thread. Returns true when one of {@code awaited} is readable, and
     * false if {@code deadline} has passed, if one of {@code lines} is closed, or for no reason.
     *
     * @param lines those of {@code awaited} and others
     */
    boolean sleep(List<Line> lines, List<Line> awaited, Deadline deadline)
            throws InterruptedException, ErrnoException {
        var sleeper = borrow();
        List<Line> entered = new ArrayList<>(lines.size());
        try {
            for (var line : lines) {
                line.enter(sleeper);
                entered.add(line);
            }
            return sleeper.sleep(
                    awaited.stream().map(line -> line.eventFd().fd()).toList(), deadline);
        } finally {
            entered.forEach(line -> line.exit(sleeper));
            giveBack(sleeper);
        }
    }

    /** A sleeper for the calling platform thread, until it is {@linkplain #giveBack given back}. */
    Sleeper borrow() throws ErrnoException {
        synchronized (idle) {
            var sleeper = idle.pollLast();
            if (sleeper != null) {
                return sleeper;
            }
        }
        return Sleeper.create();
    }

    void giveBack(Sleeper sleeper) {
        synchronized (idle) {
            if (!closed && idle.size() < MOST_KEPT) {
                idle.addLast(sleeper);
                return;
            }
        }
        sleeper.close();
    }

    @Override
    public void close() {
        synchronized (idle) {
            closed = true;
            idle.forEach(Sleeper::close);
            idle.clear();
        }
    }
}
