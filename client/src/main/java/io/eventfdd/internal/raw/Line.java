package io.eventfdd.internal.raw;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfddException;
import io.eventfdd.internal.Failures;
import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.ReadBuffer;
import io.eventfdd.internal.reactor.EpollThread;
import io.eventfdd.internal.reactor.GuardedWriter;
import io.eventfdd.internal.reactor.Sleeper;

import org.jspecify.annotations.Nullable;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * The waiters at one raw eventfd of this process. Parked waiters are served by the epoll thread.
 * Sleepers block in poll(2) by themselves, and are listed here only to be woken when the eventfd
 * closes.
 *
 * <p>While the eventfd is in the epoll set, every write of any process costs more. It comes into
 * the set when a waiter parks. If all readers were served, it stays until the first event for which
 * nobody waits: a reader that soon waits again then need not put it there. It is edge-triggered:
 * whenever a waiter for the count stands in line, either the count was seen to be 0 after all
 * others were served, or an event is on its way.
 *
 * <p>A parked waiter gets its value from the epoll thread, which takes it under the line's lock.
 * One count therefore wakes one waiter, and a waiter that leaves the line either has been served or
 * never will be.
 */
final class Line implements EpollThread.Target {
    /** A waiter and the value that it was served with. */
    private record News(Waiter waiter, long value) {
        void tell() {
            waiter.served(value);
        }
    }

    private static final System.Logger LOGGER = System.getLogger(Line.class.getName());

    private final EventFd eventFd;
    private final RawWriter writer;
    private final RawWaits waits;
    private final Supplier<? extends RuntimeException> closedException;
    private final AtomicInteger deliveries = new AtomicInteger();
    private final ReentrantLock lock = new ReentrantLock();

    // The lock guards all fields from here on.
    private final WaiterQueue readable = new WaiterQueue();
    private final WaiterQueue values = new WaiterQueue();
    private final WaiterQueue room = new WaiterQueue();
    private final WaiterQueue ends = new WaiterQueue();
    private final Set<Sleeper> sleepers = Collections.newSetFromMap(new IdentityHashMap<>(2));

    /** Whether there are sleepers. It is written under the lock. */
    private volatile boolean asleep;

    /**
     * The events that the epoll set is asked for; 0 if the eventfd is not in it. It is written
     * under the lock.
     */
    private volatile int interest;

    /** Whether a waiter is parked. It is written under the lock. */
    private volatile boolean parked;

    /** The key of the eventfd in the epoll set, while it is there. */
    private long key;

    private boolean closed;

    Line(
            EventFd eventFd,
            RawWriter writer,
            RawWaits waits,
            Supplier<? extends RuntimeException> closedException) {
        this.eventFd = eventFd;
        this.writer = writer;
        this.waits = waits;
        this.closedException = closedException;
    }

    EventFd eventFd() {
        return eventFd;
    }

    /** The executor that completes futures. */
    Executor executor() {
        return waits.executor();
    }

    // Parked waiters

    /** Puts {@code waiter} at the end of the line. */
    void join(Waiter waiter) {
        join(waiter, false);
    }

    private void join(Waiter waiter, boolean first) {
        lock.lock();
        try {
            if (closed) {
                throw closedException.get();
            }
            boolean firstReader = waiter.wish().isRead() && readable.isEmpty() && values.isEmpty();
            if (first) {
                queueOf(waiter).addFirst(waiter);
            } else {
                queueOf(waiter).add(waiter);
            }
            try {
                boolean unchanged = !arm(false);
                // What came while nobody waited has had its event, and so has room that was not
                // enough for the writer that was the first until now.
                if (unchanged && (first || (firstReader && eventFd.isReadable()))) {
                    waits.epollThread().modify(eventFd.fd(), interest, key);
                }
            } catch (ErrnoException e) {
                sendAway(waiter);
                throw Failures.of(e);
            } catch (RuntimeException | Error e) {
                // An error if there is no thread to be had for the epoll set.
                sendAway(waiter);
                throw e;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Removes a waiter who cannot be served; it must not take a value that nobody gets. */
    private void sendAway(Waiter waiter) {
        queueOf(waiter).remove(waiter);
        parked = !readable.isEmpty() || !values.isEmpty() || !room.isEmpty();
    }

    private WaiterQueue queueOf(Waiter waiter) {
        return switch (waiter.wish()) {
            case READABLE -> readable;
            case VALUE -> values;
            case ROOM -> room;
            case CLOSE -> ends;
        };
    }

    /** Removes {@code waiter} from the line. Returns false if it was served or ended already. */
    boolean leave(Waiter waiter) {
        lock.lock();
        try {
            var queue = waiter.queue;
            if (queue == null) {
                return false;
            }
            boolean heldUpOthers = waiter.wish() == Waiter.Wish.ROOM && waiter.previous == null;
            queue.remove(waiter);
            arm(false);
            if (heldUpOthers && !room.isEmpty()) {
                // There may be room for the value of the next writer although nothing has changed.
                waits.epollThread().modify(eventFd.fd(), interest, key);
            }
            return true;
        } catch (ErrnoException e) {
            throw Failures.of(e);
        } finally {
            lock.unlock();
        }
    }

    /** Whether anyone waits here, as seen without the lock. */
    boolean isOccupied() {
        return parked || asleep;
    }

    /**
     * Asks the epoll set for the events that the waiters wait for. The kernel reports at once those
     * that are there already, if that is a change.
     *
     * @param stay whether to go on asking for something to read even if nobody waits for it
     * @return whether it is a change
     */
    private boolean arm(boolean stay) throws ErrnoException {
        boolean readers = !readable.isEmpty() || !values.isEmpty();
        boolean writers = !room.isEmpty();
        parked = readers || writers;
        int wanted = (readers || stay ? Epoll.IN : 0) | (writers ? Epoll.OUT : 0);
        wanted = wanted == 0 ? 0 : wanted | Epoll.ET;
        if (wanted == interest) {
            return false;
        }
        if (wanted == 0) {
            waits.epollThread().remove(eventFd.fd(), key);
        } else if (interest == 0) {
            key = waits.epollThread().add(eventFd.fd(), wanted, this);
        } else {
            waits.epollThread().modify(eventFd.fd(), wanted, key);
        }
        interest = wanted;
        return true;
    }

    /**
     * Serves the waiters that can be served. Only the epoll thread calls this; the buffer and the
     * writer are its own.
     */
    @Override
    public void ready(int events, ReadBuffer buffer, GuardedWriter guarded) {
        List<News> news = new ArrayList<>();
        try {
            serve(events, news, buffer, guarded);
        } catch (ErrnoException e) {
            fail(e);
        } finally {
            news.forEach(News::tell);
        }
    }

    private void serve(int events, List<News> news, ReadBuffer buffer, GuardedWriter guarded)
            throws ErrnoException {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            if ((events & ~Epoll.OUT) != 0) {
                serveReadable(news);
                serveValues(news, buffer);
            }
            boolean readersServed = !news.isEmpty();
            serveRoom(news, guarded);
            arm(readersServed);
        } finally {
            lock.unlock();
        }
    }

    private void serveReadable(List<News> news) {
        for (var waiter = readable.poll(); waiter != null; waiter = readable.poll()) {
            news.add(new News(waiter, 0));
        }
    }

    private void serveValues(List<News> news, ReadBuffer buffer) throws ErrnoException {
        for (var waiter = values.first(); waiter != null; waiter = values.first()) {
            long value = eventFd.readNow(buffer);
            if (value == 0) {
                return;
            }
            values.remove(waiter);
            // Until the value is delivered it may have to go back.
            deliver();
            news.add(new News(waiter, value));
        }
    }

    /** Clears the alarm of the writer at the end, because what the news set off is not ours. */
    private void serveRoom(List<News> news, GuardedWriter guarded) throws ErrnoException {
        try {
            for (var waiter = room.first(); waiter != null; waiter = room.first()) {
                if (!guarded.write(eventFd, waiter.amount())) {
                    return;
                }
                room.remove(waiter);
                news.add(new News(waiter, 0));
            }
        } finally {
            guarded.rest();
        }
    }

    /** Notes that a value that was taken has reached its waiter, or went back. */
    void delivered() {
        deliveries.decrementAndGet();
        eventFd.fd().release();
    }

    /** The number of values that were taken and not yet {@linkplain #delivered() delivered}. */
    int deliveries() {
        return deliveries.get();
    }

    /** Announces a value that was taken. From now on the descriptor stays open for it. */
    private void deliver() {
        eventFd.fd().acquire();
        deliveries.incrementAndGet();
    }

    /** Gives back a value that was taken but not {@linkplain #delivered() delivered}. */
    void putBack(long value) {
        if (value == Count.OVERFLOW) {
            putBack(Count.MAX);
            putBack(value - Count.MAX);
            return;
        }
        try {
            if (writeBack(value)) {
                return;
            }
            if (!isClosed()) {
                join(new PutBack(value), true);
            }
        } catch (ErrnoException | EventfddException e) {
            LOGGER.log(Level.DEBUG, () -> "cannot put back " + Count.toString(value), e);
        }
    }

    private boolean writeBack(long value) throws ErrnoException {
        // Not while the descriptor is being replaced. If it is closed, the delivery keeps it open.
        boolean acquired = eventFd.fd().acquire();
        try {
            return writer.write(value);
        } finally {
            if (acquired) {
                eventFd.fd().release();
            }
        }
    }

    /**
     * As {@link #putBack}, for a thread that took the value by itself. Returns false if this is
     * closed.
     */
    boolean putBackFromOutside(long value) {
        if (!beginDelivery()) {
            return false;
        }
        try {
            putBack(value);
            return true;
        } finally {
            delivered();
        }
    }

    /**
     * Keeps the descriptor open for a value that the calling thread takes by itself, until it is
     * {@linkplain #delivered() delivered}. Returns false if this is closed.
     */
    boolean beginDelivery() {
        if (!eventFd.fd().acquire()) {
            return false;
        }
        deliveries.incrementAndGet();
        return true;
    }

    /** A value on its way back that found no room; it is the first to get some. */
    private static final class PutBack extends Waiter {
        PutBack(long value) {
            super(Wish.ROOM, value);
        }

        @Override
        void served(long value) {}

        @Override
        void ended(Supplier<? extends RuntimeException> why) {}
    }

    // Sleepers

    /**
     * Keeps the descriptor open until {@link #exit}, and wakes {@code sleeper} when this closes.
     */
    void enter(Sleeper sleeper) {
        lock.lock();
        try {
            if (closed) {
                throw closedException.get();
            }
            eventFd.fd().acquire();
            sleepers.add(sleeper);
            asleep = true;
        } finally {
            lock.unlock();
        }
    }

    void exit(Sleeper sleeper) {
        // Done before the lock is taken, because its holder may wait for exactly this.
        eventFd.fd().release();
        lock.lock();
        try {
            sleepers.remove(sleeper);
            asleep = !sleepers.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    // Another kernel object

    /**
     * Replaces the kernel object with that of {@code other}, under the same descriptor number.
     * Waiters go on waiting there; if it cannot be watched, they are told. It must not be called on
     * the epoll thread.
     *
     * @return a descriptor of the previous object; empty if this is closed
     */
    Optional<Fd> replace(Fd other) throws ErrnoException {
        ErrnoException unwatched = null;
        lock.lock();
        try {
            if (closed) {
                return Optional.empty();
            }
            // The entry in the epoll set belongs to the old object, which others may keep open.
            int before = interest;
            if (before != 0) {
                waits.epollThread().remove(eventFd.fd(), key);
                interest = 0;
            }
            try {
                return eventFd.fd()
                        .replace(other, () -> sleepers.forEach(Sleeper::wake), deliveries::get);
            } finally {
                unwatched = failureToArm();
            }
        } finally {
            lock.unlock();
            if (unwatched != null) {
                fail(unwatched);
            }
        }
    }

    private @Nullable ErrnoException failureToArm() {
        try {
            arm(false);
            return null;
        } catch (ErrnoException e) {
            return e;
        }
    }

    // The end

    boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /** Ends all waits. Returns false if that was done before. */
    boolean close() {
        List<Waiter> ended;
        lock.lock();
        try {
            if (closed) {
                return false;
            }
            closed = true;
            ended = removeAll();
            sleepers.forEach(Sleeper::wake);
        } finally {
            lock.unlock();
        }
        ended.forEach(waiter -> waiter.ended(closedException));
        return true;
    }

    /** Ends the waits of all parked waiters, because the epoll thread cannot serve them. */
    @Override
    public void fail(Exception cause) {
        List<Waiter> ended;
        lock.lock();
        try {
            ended = removeAll();
        } finally {
            lock.unlock();
        }
        ended.forEach(waiter -> waiter.ended(() -> Failures.of(cause)));
    }

    private List<Waiter> removeAll() {
        List<Waiter> all = new ArrayList<>();
        for (var queue : List.of(readable, values, room, ends)) {
            for (var waiter = queue.poll(); waiter != null; waiter = queue.poll()) {
                all.add(waiter);
            }
        }
        try {
            arm(false);
        } catch (ErrnoException e) {
            LOGGER.log(Level.DEBUG, "cannot leave the epoll set", e);
        }
        return all;
    }
}
