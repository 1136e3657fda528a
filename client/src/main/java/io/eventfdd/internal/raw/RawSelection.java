package io.eventfdd.internal.raw;

import io.eventfdd.client.Signal;
import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.Failures;
import io.eventfdd.internal.VirtualThreads;
import io.eventfdd.internal.linux.Cpu;
import io.eventfdd.internal.linux.ErrnoException;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** A wait of one thread on several raw eventfds. */
final class RawSelection {
    private final List<RawEventfd> eventfds;
    private final RawWaits waits;
    private final boolean all;
    private final boolean consume;

    /**
     * Creates a wait on {@code eventfds}.
     *
     * @param all whether all must be readable at one moment; otherwise one is enough
     * @param consume whether to take the counts
     */
    RawSelection(List<RawEventfd> eventfds, RawWaits waits, boolean all, boolean consume) {
        this.eventfds = eventfds;
        this.waits = waits;
        this.all = all;
        this.consume = consume;
    }

    /** The readings, as soon as there are any; none at the deadline. */
    List<Signal> await(Deadline deadline) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        long start = System.nanoTime();
        while (true) {
            var readable = eventfds.stream().filter(RawEventfd::isReadable).toList();
            if (all ? readable.size() == eventfds.size() : !readable.isEmpty()) {
                var signals = consume ? take(readable) : look(readable);
                if (!signals.isEmpty()) {
                    return signals;
                }
            }
            if (deadline.hasPassed()) {
                return List.of();
            }
            if (System.nanoTime() - start < waits.spinNanos()) {
                Cpu.yieldToOthers();
            } else {
                awaitChange(deadline);
            }
        }
    }

    /**
     * Takes from each. If all were wanted and another reader was faster at one of them, the values
     * go back.
     */
    private List<Signal> take(List<RawEventfd> readable) {
        List<Signal> taken = new ArrayList<>(readable.size());
        for (var eventfd : readable) {
            long value = eventfd.take();
            if (value != 0) {
                taken.add(new Signal(eventfd.eventfdName(), value));
            } else if (all) {
                for (int i = 0; i < taken.size(); i++) {
                    readable.get(i).putBack(taken.get(i).value());
                }
                return List.of();
            }
        }
        return taken;
    }

    private List<Signal> look(List<RawEventfd> readable) {
        List<Signal> seen = new ArrayList<>(readable.size());
        for (var eventfd : readable) {
            long count = eventfd.count();
            if (count != 0) {
                seen.add(new Signal(eventfd.eventfdName(), count));
            }
        }
        return all && seen.size() < readable.size() ? List.of() : seen;
    }

    /**
     * Waits until one eventfd is readable, or, if all are needed, until one is readable that was
     * not.
     */
    private void awaitChange(Deadline deadline) throws InterruptedException {
        var awaited =
                eventfds.stream()
                        .filter(eventfd -> !all || !eventfd.isReadable())
                        .limit(all ? 1 : eventfds.size())
                        .map(RawEventfd::line)
                        .toList();
        if (awaited.isEmpty()) {
            return;
        }
        if (VirtualThreads.isCurrent()) {
            park(awaited, deadline);
            return;
        }
        try {
            waits.sleepers().sleep(awaited, deadline);
        } catch (ErrnoException e) {
            throw Failures.of(e);
        }
    }

    private static void park(List<Line> lines, Deadline deadline) throws InterruptedException {
        List<ThreadWaiter> waiters = new ArrayList<>(lines.size());
        try {
            for (var line : lines) {
                var waiter = new ThreadWaiter(line, Waiter.Wish.READABLE, 0);
                line.join(waiter);
                waiters.add(waiter);
            }
            while (waiters.stream().noneMatch(ThreadWaiter::isSettled) && !deadline.hasPassed()) {
                if (deadline.isNever()) {
                    // A timed park of a virtual thread costs a second wake-up.
                    LockSupport.park(RawSelection.class);
                } else {
                    LockSupport.parkNanos(RawSelection.class, deadline.nanosLeft());
                }
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            }
        } finally {
            for (int i = 0; i < waiters.size(); i++) {
                lines.get(i).leave(waiters.get(i));
            }
        }
    }
}
