package io.eventfdd.server.eventfds;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Readiness;
import io.eventfdd.server.eventfds.Waiter.Consumer;
import io.eventfdd.server.eventfds.Waiter.Taker;

import java.util.ArrayList;
import java.util.List;

/**
 * Looks at several eventfds at once, with one poll(2). Belongs to the loop's thread.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/poll.2.html">poll(2)</a>
 */
final class Targets {
    private final Readiness readiness = new Readiness();

    /** A number that changes as soon as counts that were seen before may be out of date. */
    private long moment = 1;

    /**
     * Forgets all counts that were seen, because something was taken or added, or because a count
     * has to be fresh.
     */
    void changed() {
        moment++;
    }

    /**
     * The count of {@code eventfd}, which is not taken. The kernel is asked once for all waiters
     * that are shown it at one moment, because the count comes from a file of proc(5), which takes
     * 5 µs or more.
     */
    long count(NamedEventfd eventfd) throws ErrnoException {
        if (eventfd.countedAt != moment) {
            eventfd.counted = eventfd.eventFd().count();
            eventfd.countedAt = moment;
        }
        return eventfd.counted;
    }

    /** The elements of {@code eventfds} that are readable at this moment, in their order. */
    List<NamedEventfd> readable(List<NamedEventfd> eventfds) throws ErrnoException {
        look(eventfds);
        var readable = new ArrayList<NamedEventfd>(eventfds.size());
        for (int i = 0; i < eventfds.size(); i++) {
            if (readiness.isReadable(i)) {
                readable.add(eventfds.get(i));
            }
        }
        return readable;
    }

    /** The targets of {@code consumer} that have what it wants of them, in their order. */
    List<NamedEventfd> readable(Consumer consumer) throws ErrnoException {
        var readable = readable(consumer.targets());
        if (!(consumer instanceof Taker taker)) {
            return readable;
        }
        changed();
        var enough = new ArrayList<NamedEventfd>(readable.size());
        var next = readable.iterator();
        var found = next.hasNext() ? next.next() : null;
        for (int i = 0; i < taker.targets().size() && found != null; i++) {
            if (taker.targets().get(i) == found) {
                long amount = taker.amount(i);
                if (amount == 1 || Long.compareUnsigned(count(found), amount) >= 0) {
                    enough.add(found);
                }
                found = next.hasNext() ? next.next() : null;
            }
        }
        return enough;
    }

    /** The targets of {@code writer} that have no room for its value at this moment. */
    List<NamedEventfd> withoutRoom(Waiter.Writer writer) throws ErrnoException {
        var eventfds = writer.targets();
        look(eventfds);
        var full = new ArrayList<NamedEventfd>(0);
        for (int i = 0; i < eventfds.size(); i++) {
            if (!hasRoom(eventfds.get(i), writer.value(i), i)) {
                full.add(eventfds.get(i));
            }
        }
        return full;
    }

    /** poll(2) tells whether there is room for 1. For more, the count tells. */
    private boolean hasRoom(NamedEventfd eventfd, long value, int index) throws ErrnoException {
        boolean writable = readiness.isWritable(index);
        if (readiness.isReadable(index) ? value == 1 || !writable : writable) {
            return writable;
        }
        return eventfd.eventFd().hasRoomFor(value);
    }

    private void look(List<NamedEventfd> eventfds) throws ErrnoException {
        readiness.begin(eventfds.size());
        eventfds.forEach(eventfd -> readiness.askBoth(eventfd.eventFd().fd()));
        readiness.await(0);
    }
}
