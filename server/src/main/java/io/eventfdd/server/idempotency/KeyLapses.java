package io.eventfdd.server.idempotency;

import java.time.Duration;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The keyed calls in the order in which their keys lapse, and the thread {@code eventfdd-keys} that
 * removes them. A call that is removed earlier leaves nothing behind. Any thread may call it.
 *
 * <p>Most keys are removed long before they would lapse, at the full rate of the calls. The thread
 * is therefore not woken when a key is removed. It wakes at the time of that key, finds nothing to
 * do, and sleeps until the time of the first key that is left.
 */
final class KeyLapses implements AutoCloseable {
    /** The wake-up time of a sleep that only a new key ends. */
    private static final long NEVER = Long.MAX_VALUE;

    private final LongSupplier clock;
    private final long start;
    private final Consumer<? super KeyedCall> lapsed;
    private final ConcurrentSkipListMap<Moment, KeyedCall> calls = new ConcurrentSkipListMap<>();
    private final AtomicLong moments = new AtomicLong();
    private final Thread thread;

    /** The time at which the thread wakes by itself. A key that lapses earlier has to wake it. */
    private volatile long wakeUp = NEVER;

    private boolean closed;

    /**
     * The moment at which a key lapses.
     *
     * @param nanos since the start
     * @param number a number that distinguishes moments at the same time
     */
    record Moment(long nanos, long number) implements Comparable<Moment> {
        @Override
        public int compareTo(Moment other) {
            return nanos == other.nanos
                    ? Long.compare(number, other.number)
                    : Long.compare(nanos, other.nanos);
        }
    }

    /**
     * Starts without calls.
     *
     * @param clock a clock in nanoseconds that changes of the wall clock do not affect
     * @param lapsed is given each call whose key has lapsed
     */
    KeyLapses(LongSupplier clock, Consumer<? super KeyedCall> lapsed) {
        this.clock = clock;
        this.start = clock.getAsLong();
        this.lapsed = lapsed;
        this.thread = Thread.ofVirtual().name("eventfdd-keys").start(this::run);
    }

    private long now() {
        return clock.getAsLong() - start;
    }

    /**
     * Schedules {@code call} to lapse after {@code life} from now.
     *
     * @return the moment, with which it can be removed
     */
    Moment add(KeyedCall call, Duration life) {
        var moment = new Moment(now() + life.toNanos(), moments.incrementAndGet());
        calls.put(moment, call);
        if (moment.nanos() < wakeUp) {
            LockSupport.unpark(thread);
        }
        return moment;
    }

    /** Removes the call that was to lapse at {@code moment}. */
    void remove(Moment moment) {
        calls.remove(moment);
    }

    /** The time until {@code moment}; zero if that has passed. */
    Duration left(Moment moment) {
        return Duration.ofNanos(Math.max(0, moment.nanos() - now()));
    }

    private void run() {
        while (!Thread.currentThread().isInterrupted()) {
            letGo();
            wakeUp = next();
            // A thread that added an earlier one before this point has not woken this thread.
            if (next() >= wakeUp) {
                sleep(wakeUp);
            }
        }
    }

    private long next() {
        var first = calls.firstEntry();
        return first == null ? NEVER : first.getKey().nanos();
    }

    private void sleep(long until) {
        if (until == NEVER) {
            LockSupport.park(this);
        } else {
            LockSupport.parkNanos(this, until - now());
        }
    }

    /**
     * Removes the calls whose time has come. When it returns they are gone, even if another thread
     * removed them.
     */
    synchronized void letGo() {
        for (var first = calls.firstEntry();
                !closed && first != null && first.getKey().nanos() <= now();
                first = calls.firstEntry()) {
            if (calls.remove(first.getKey(), first.getValue())) {
                lapsed.accept(first.getValue());
            }
        }
    }

    /** The number of calls whose keys have not lapsed. */
    int size() {
        return calls.size();
    }

    /** Ends the thread: no more keys lapse, and one that lapses just now has done so. */
    @Override
    public synchronized void close() {
        closed = true;
        thread.interrupt();
    }
}
