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
     * Takes from each. The values go back if all were wanted and another reader was faster at one
     * of them, or if one of them was closed meanwhile.
     */
    private List<Signal> take(List<RawEventfd> readable) {
        List<Signal> taken = new ArrayList<>(readable.size());
        List<Line> from = new ArrayList<>(readable.size());
        boolean done = false;
        try {
            for (var eventfd : readable) {
                long value = eventfd.takeToDeliver();
                if (value != 0) {
                    taken.add(new Signal(eventfd.eventfdName(), value));
                    from.add(eventfd.line());
                } else if (all) {
                    return List.of();
                }
            }
            done = true;
            return taken;
        } finally {
            for (int i = 0; i < from.size(); i++) {
                if (!done) {
                    from.get(i).putBack(taken.get(i).value());
                }
                from.get(i).delivered();
            }
        }
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
     * not. A close of any of them ends it as well.
     */
    private void awaitChange(Deadline deadline) throws InterruptedException {
        var lines = eventfds.stream().map(RawEventfd::line).toList();
        var awaited = lines;
        if (all) {
            var lacking = eventfds.stream().filter(eventfd -> !eventfd.isReadable()).findFirst();
            if (lacking.isEmpty()) {
                return;
            }
            awaited = List.of(lacking.get().line());
        }
        if (VirtualThreads.isCurrent()) {
            park(lines, awaited, deadline);
            return;
        }
        try {
            waits.sleepers().sleep(lines, awaited, deadline);
        } catch (ErrnoException e) {
            throw Failures.of(e);
        }
    }

    private void park(List<Line> lines, List<Line> awaited, Deadline deadline)
            throws InterruptedException {
        List<ThreadWaiter> waiters = new ArrayList<>(lines.size());
        try {
            for (var line : lines) {
                boolean isAwaited = !all || awaited.contains(line);
                var wish = isAwaited ? Waiter.Wish.READABLE : Waiter.Wish.CLOSE;
                var waiter = new ThreadWaiter(line, wish, 0);
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
