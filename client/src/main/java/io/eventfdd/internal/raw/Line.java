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
 * Those who wait at one raw eventfd of this process: the parked ones, whom the epoll thread serves,
 * and the sleeping ones, who block in poll(2) on their own and are here to be woken when it closes.
 *
 * <p>The eventfd is in the epoll set only while someone is parked, since each write of anybody
 * costs more meanwhile. It is there edge-triggered: whenever a waiter for the count stands in line,
 * either the count was seen to be 0 after all others were served, or an event is on its way.
 *
 * <p>Who parks gets its value from the epoll thread, which takes it under the line's lock: one
 * count wakes one waiter, and who leaves the line either has been served or never will be.
 */
final class Line implements EpollThread.Target {
    /** What a waiter was served with. */
    private record News(Waiter waiter, long value) {
        void tell() {
            waiter.served(value);
        }
    }

    private static final System.Logger LOG = System.getLogger(Line.class.getName());

    private final EventFd eventFd;
    private final RawWriter writer;
    private final RawWaits waits;
    private final Supplier<? extends RuntimeException> closedException;
    private final AtomicInteger deliveries = new AtomicInteger();
    private final ReentrantLock lock = new ReentrantLock();

    // All that follows is guarded by the lock.
    private final WaiterQueue readable = new WaiterQueue();
    private final WaiterQueue values = new WaiterQueue();
    private final WaiterQueue room = new WaiterQueue();
    private final Set<Sleeper> sleepers = Collections.newSetFromMap(new IdentityHashMap<>(2));

    /** Whether there are sleepers. Written under the lock. */
    private volatile boolean asleep;

    /**
     * What the epoll set is asked for; 0 where the eventfd is not in it. Written under the lock.
     */
    private volatile int interest;

    /** Its key in the epoll set, while it is there. */
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

    /** Where futures are completed. */
    Executor executor() {
        return waits.executor();
    }

    // Those who park

    /** Lets {@code waiter} stand in line, last. */
    void join(Waiter waiter) {
        join(waiter, false);
    }

    private void join(Waiter waiter, boolean first) {
        lock.lock();
        try {
            if (closed) {
                throw closedException.get();
            }
            if (first) {
                queueOf(waiter).addFirst(waiter);
            } else {
                queueOf(waiter).add(waiter);
            }
            try {
                arm();
            } catch (ErrnoException e) {
                queueOf(waiter).remove(waiter);
                throw Failures.of(e);
            }
        } finally {
            lock.unlock();
        }
    }

    private WaiterQueue queueOf(Waiter waiter) {
        return switch (waiter.wish()) {
            case READABLE -> readable;
            case VALUE -> values;
            case ROOM -> room;
        };
    }

    /** Takes {@code waiter} out of the line; false where it was served or ended already. */
    boolean leave(Waiter waiter) {
        lock.lock();
        try {
            var queue = waiter.queue;
            if (queue == null) {
                return false;
            }
            boolean heldUpOthers = waiter.wish() == Waiter.Wish.ROOM && waiter.previous == null;
            queue.remove(waiter);
            arm();
            if (heldUpOthers && !room.isEmpty()) {
                // There may be room for the next one's value though nothing has changed.
                waits.epollThread().modify(eventFd.fd(), interest, key);
            }
            return true;
        } catch (ErrnoException e) {
            throw Failures.of(e);
        } finally {
            lock.unlock();
        }
    }

    /** Whether someone waits here; a look without the lock. */
    boolean isOccupied() {
        return interest != 0 || asleep;
    }

    /** Asks the epoll set for what the waiters wait for. */
    private void arm() throws ErrnoException {
        int wanted =
                (readable.isEmpty() && values.isEmpty() ? 0 : Epoll.IN)
                        | (room.isEmpty() ? 0 : Epoll.OUT);
        wanted = wanted == 0 ? 0 : wanted | Epoll.ET;
        if (wanted == interest) {
            return;
        }
        if (wanted == 0) {
            waits.epollThread().remove(eventFd.fd(), key);
        } else if (interest == 0) {
            key = waits.epollThread().add(eventFd.fd(), wanted, this);
        } else {
            waits.epollThread().modify(eventFd.fd(), wanted, key);
        }
        interest = wanted;
    }

    /** Serves who can be served. On the epoll thread only, whose buffer and writer these are. */
    @Override
    public void ready(int events, ReadBuffer buffer, GuardedWriter guarded) {
        List<News> news = new ArrayList<>();
        lock.lock();
        try {
            if (closed) {
                return;
            }
            if ((events & ~Epoll.OUT) != 0) {
                serveReadable(news);
                serveValues(news, buffer);
            }
            serveRoom(news, guarded);
            arm();
        } catch (ErrnoException e) {
            fail(e);
        } finally {
            lock.unlock();
            news.forEach(News::tell);
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
            // Until it is delivered the value may have to go back.
            deliver();
            news.add(new News(waiter, value));
        }
    }

    private void serveRoom(List<News> news, GuardedWriter guarded) throws ErrnoException {
        for (var waiter = room.first(); waiter != null; waiter = room.first()) {
            if (!guarded.write(eventFd, waiter.amount())) {
                return;
            }
            room.remove(waiter);
            news.add(new News(waiter, 0));
        }
    }

    /** A value that was taken reached its waiter, or went back. */
    void delivered() {
        deliveries.decrementAndGet();
        eventFd.fd().release();
    }

    /** How many values were taken and not {@linkplain #delivered() delivered} yet. */
    int deliveries() {
        return deliveries.get();
    }

    /** Announces a value that was taken, from which on the descriptor stays open for it. */
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
            LOG.log(Level.DEBUG, () -> "cannot put back " + Count.toString(value), e);
        }
    }

    private boolean writeBack(long value) throws ErrnoException {
        // Not while the descriptor is replaced; one that is closed is kept open by the delivery.
        boolean acquired = eventFd.fd().acquire();
        try {
            return writer.write(value);
        } finally {
            if (acquired) {
                eventFd.fd().release();
            }
        }
    }

    /** As {@link #putBack} for who took the value on a thread of its own; false where closed. */
    boolean putBackFromOutside(long value) {
        if (!eventFd.fd().acquire()) {
            return false;
        }
        deliveries.incrementAndGet();
        try {
            putBack(value);
            return true;
        } finally {
            delivered();
        }
    }

    /** A value on its way back that found no room; the first to get it. */
    private static final class PutBack extends Waiter {
        PutBack(long value) {
            super(Wish.ROOM, value);
        }

        @Override
        void served(long value) {}

        @Override
        void ended(Supplier<? extends RuntimeException> why) {}
    }

    // Those who sleep

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
        // Before the lock, whose holder may wait for just that.
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
     * From now on this is {@code other}'s kernel object, under the same descriptor number: who
     * waits goes on waiting there. Another thread than the epoll thread's.
     *
     * @return a descriptor of the object that it was; empty where this is closed
     */
    Optional<Fd> replace(Fd other) throws ErrnoException {
        lock.lock();
        try {
            if (closed) {
                return Optional.empty();
            }
            // The entry in the epoll set is the old object's, which others may keep open.
            int before = interest;
            if (before != 0) {
                waits.epollThread().remove(eventFd.fd(), key);
                interest = 0;
            }
            try {
                return eventFd.fd()
                        .replace(other, () -> sleepers.forEach(Sleeper::wake), deliveries::get);
            } finally {
                arm();
            }
        } finally {
            lock.unlock();
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

    /** Ends all waits; false where that was done before. */
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

    /** Ends the waits of all who are parked, since the epoll thread cannot serve them. */
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
        for (var queue : List.of(readable, values, room)) {
            for (var waiter = queue.poll(); waiter != null; waiter = queue.poll()) {
                all.add(waiter);
            }
        }
        try {
            arm();
        } catch (ErrnoException e) {
            LOG.log(Level.DEBUG, "cannot leave the epoll set", e);
        }
        return all;
    }
}
