package io.eventfdd.server.idempotency;

import java.time.Duration;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The keyed calls in the order in which their keys lapse, and the thread {@code eventfdd-keys} that
 * lets them go. A call that is removed before that leaves nothing behind. For all threads.
 *
 * <p>Most keys are removed long before they would lapse, at the full rate of the calls. So the
 * thread is not woken for a key that is removed: it finds nothing to do at that time, and sleeps
 * until the key that is the first then.
 */
final class KeyLapses implements AutoCloseable {
    /** The end of a sleep that only a new key ends. */
    private static final long NEVER = Long.MAX_VALUE;

    private final LongSupplier clock;
    private final long start;
    private final Consumer<? super KeyedCall> lapsed;
    private final ConcurrentSkipListMap<Moment, KeyedCall> calls = new ConcurrentSkipListMap<>();
    private final AtomicLong moments = new AtomicLong();
    private final Thread thread;

    /** When the thread wakes by itself. A key that lapses earlier has to wake it. */
    private volatile long wakeUp = NEVER;

    /**
     * When a key lapses.
     *
     * @param nanos since the start
     * @param number what tells it from other moments at that time
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
     * No calls yet.
     *
     * @param clock nanoseconds since whenever, which no change of the wall clock moves
     * @param lapsed gets each call whose key has lapsed
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
     * Has {@code call} lapse after {@code life} from now.
     *
     * @return when that is, and what removes it
     */
    Moment add(KeyedCall call, Duration life) {
        var moment = new Moment(now() + life.toNanos(), moments.incrementAndGet());
        calls.put(moment, call);
        if (moment.nanos() < wakeUp) {
            LockSupport.unpark(thread);
        }
        return moment;
    }

    /** Has the call that was to lapse at {@code moment} not do so. */
    void remove(Moment moment) {
        calls.remove(moment);
    }

    /** How long it is until {@code moment}; zero if that has passed. */
    Duration left(Moment moment) {
        return Duration.ofNanos(Math.max(0, moment.nanos() - now()));
    }

    private void run() {
        while (!Thread.currentThread().isInterrupted()) {
            letGo();
            wakeUp = next();
            // Whoever added an earlier one before that has not woken this.
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

    /** Lets those go whose time has come; on return they are gone, whoever did it. */
    synchronized void letGo() {
        for (var first = calls.firstEntry();
                first != null && first.getKey().nanos() <= now();
                first = calls.firstEntry()) {
            if (calls.remove(first.getKey(), first.getValue())) {
                lapsed.accept(first.getValue());
            }
        }
    }

    /** How many calls wait for the end of their keys. */
    int size() {
        return calls.size();
    }

    /** Ends the thread: no more keys lapse. */
    @Override
    public void close() {
        thread.interrupt();
    }
}
