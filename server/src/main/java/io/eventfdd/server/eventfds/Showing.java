package io.eventfdd.server.eventfds;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.server.eventfds.Waiter.Observer;
import io.eventfdd.server.eventfds.Waiter.Watcher;
import io.eventfdd.server.loop.EventLoop;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NavigableSet;
import java.util.Set;

/**
 * Shows the count of one eventfd, which may have become readable, to all waiters that only see it,
 * some of them in each step. Waiters that take the count come after them. Belongs to the loop's
 * thread.
 */
final class Showing implements EventLoop.Work {
    /** The number of waiters that one step serves with one look at the count. */
    private static final int MOST_A_STEP = 32;

    private final NamedEventfd eventfd;
    private final Pass pass;
    private final Lines lines;
    private final Targets targets;
    private @Nullable Watcher lastWatcher;
    private @Nullable Observer lastObserver;

    /** Whether the eventfd has become readable again since this began. */
    private boolean again;

    /** The eventfds whose consumers wait for the end of this showing. */
    private final Set<NamedEventfd> held = new LinkedHashSet<>(0);

    Showing(NamedEventfd eventfd, Pass pass, Lines lines, Targets targets) {
        this.eventfd = eventfd;
        this.pass = pass;
        this.lines = lines;
        this.targets = targets;
        targets.changed();
    }

    /** Notes that the eventfd may have been written meanwhile. */
    void again() {
        again = true;
    }

    /** Makes the line of {@code other} wait until this showing is over. */
    void hold(NamedEventfd other) {
        if (held.add(other)) {
            other.heldUp++;
        }
    }

    /** Whether the count may have to be shown to anyone before others take it. */
    boolean hasObservers() {
        return !eventfd.observers.isEmpty();
    }

    @Override
    public boolean step() throws IOException {
        boolean readable = false;
        try {
            long count = eventfd.deleted ? 0 : eventfd.eventFd().count();
            readable = count != 0;
            if (readable && (show(count) || beginsAgain())) {
                return true;
            }
        } catch (ErrnoException e) {
            lines.fault(eventfd, e);
        }
        eventfd.showing = null;
        held.forEach(other -> other.heldUp--);
        pass.shown(this, eventfd, readable, held);
        return false;
    }

    private boolean beginsAgain() {
        boolean begins = again;
        again = false;
        lastWatcher = null;
        lastObserver = null;
        return begins;
    }

    /** Shows the count to some waiters, the watches first. Returns false if there are no more. */
    private boolean show(long count) throws IOException {
        for (int i = 0; i < MOST_A_STEP; i++) {
            var watcher = next(eventfd.watchers, lastWatcher);
            var observer = watcher == null ? next(eventfd.observers, lastObserver) : null;
            if (watcher != null) {
                lastWatcher = watcher;
                watcher.watch().tell(count);
            } else if (observer == null) {
                return false;
            } else {
                lastObserver = observer;
                if (!observer.isOver() && !observer.isSingle()) {
                    see(observer, lines, targets);
                    return true;
                } else if (!observer.isOver()) {
                    lines.served(observer, List.of(new Reading(eventfd, count)));
                }
            }
        }
        return true;
    }

    private static <W extends Waiter> @Nullable W next(NavigableSet<W> line, @Nullable W last) {
        if (last != null) {
            return line.higher(last);
        }
        return line.isEmpty() ? null : line.first();
    }

    /**
     * Serves {@code observer}, which waits on several eventfds, if it can be served. Otherwise it
     * stays; if it needs all of them, it moves to the line of one that is not readable. All counts
     * are read without a pause, so they belong to one moment as seen by the daemon's clients.
     */
    static void see(Observer observer, Lines lines, Targets targets) throws IOException {
        if (observer.lostTarget()) {
            lines.end(observer, End.DELETED);
            return;
        }
        try {
            look(observer, lines, targets);
        } catch (ErrnoException e) {
            lines.fault(observer, e);
        }
    }

    private static void look(Observer observer, Lines lines, Targets targets) throws IOException {
        var readable = targets.readable(observer.targets());
        if (observer.needsAll() && readable.size() < observer.targets().size()) {
            lines.move(observer, firstMissing(observer.targets(), readable));
            return;
        }
        var seen = new ArrayList<Reading>(readable.size());
        for (var target : readable) {
            long count = targets.count(target);
            if (count != 0) {
                seen.add(new Reading(target, count));
            } else if (observer.needsAll()) {
                lines.move(observer, target);
                return;
            }
        }
        if (!seen.isEmpty()) {
            lines.served(observer, seen);
        }
    }

    /** The first element of {@code all} that is not in {@code some}, which has the same order. */
    static NamedEventfd firstMissing(List<NamedEventfd> all, List<NamedEventfd> some) {
        int i = 0;
        while (i < some.size() && all.get(i) == some.get(i)) {
            i++;
        }
        return all.get(i);
    }
}
