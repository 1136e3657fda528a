package io.eventfdd.server.loop;

import io.eventfdd.internal.linux.Readiness;

import java.io.IOException;
import java.util.TreeSet;

/** The deadlines of the loop, in order. Belongs to the loop's thread. */
public final class Deadlines {

    /** Something that ends by itself at a certain time. */
    public abstract static class Timed {
        /** Its place among those that end at the same time; 0 if it is not in the table. */
        private long arrival;

        /** The time at which it ends, in the loop's clock. It is the same while in the table. */
        public abstract long deadline();

        /** Called when the time has come. The deadline is not in the table any more. */
        public abstract void expire() throws IOException;
    }

    private final TreeSet<Timed> byTime =
            new TreeSet<>((a, b) -> {
                // Compares the difference, because nanoTime may overflow.
                long order = a.deadline() - b.deadline();
                return order != 0 ? Long.signum(order) : Long.compare(a.arrival, b.arrival);
            });

    private long arrivals;

    /** Adds a deadline that is not in the table. */
    public void add(Timed timed) {
        assert timed.arrival == 0;
        timed.arrival = ++arrivals;
        byTime.add(timed);
    }

    /** Removes a deadline, if it is in the table. */
    public void remove(Timed timed) {
        if (timed.arrival != 0) {
            byTime.remove(timed);
            timed.arrival = 0;
        }
    }

    boolean isEmpty() {
        return byTime.isEmpty();
    }

    /**
     * The timeout for epoll_wait: -1 if there is no deadline. It is rounded up, because a timeout
     * is never early.
     */
    int millisUntilNext(long now) {
        if (byTime.isEmpty()) {
            return -1;
        }
        return Readiness.timeout(byTime.first().deadline() - now);
    }

    /**
     * Expires the first deadline whose time has come by {@code now}. Returns false if there is
     * none.
     */
    boolean expireNext(long now) throws IOException {
        if (byTime.isEmpty() || byTime.first().deadline() - now > 0) {
            return false;
        }
        var first = byTime.first();
        remove(first);
        first.expire();
        return true;
    }
}
