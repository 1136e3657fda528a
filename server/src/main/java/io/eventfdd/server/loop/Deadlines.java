package io.eventfdd.server.loop;

import java.io.IOException;
import java.util.TreeSet;

/** The deadlines of the loop, in order. Belongs to the loop's thread. */
public final class Deadlines {
    private static final long NANOS_A_MILLI = 1_000_000;

    /** Something that ends by itself at a certain time. */
    public interface Timed {
        /** The time at which it ends, in the loop's clock. */
        long deadline();

        /** The order of arrival, unique. */
        long sequence();

        /** Called when the time has come. The deadline is not in the table any more. */
        void expire() throws IOException;
    }

    private final TreeSet<Timed> byTime =
            new TreeSet<>((a, b) -> {
                // Compares the difference, because nanoTime may overflow.
                long order = a.deadline() - b.deadline();
                return order != 0 ? Long.signum(order) : Long.compare(a.sequence(), b.sequence());
            });

    public void add(Timed timed) {
        byTime.add(timed);
    }

    public void remove(Timed timed) {
        byTime.remove(timed);
    }

    /**
     * The timeout for epoll_wait: -1 if there is no deadline. It is rounded up, because a timeout
     * is never early.
     */
    int millisUntilNext(long now) {
        if (byTime.isEmpty()) {
            return -1;
        }
        long nanos = byTime.first().deadline() - now;
        return nanos <= 0
                ? 0
                : (int) Math.min(Integer.MAX_VALUE, (nanos + NANOS_A_MILLI - 1) / NANOS_A_MILLI);
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
        byTime.remove(first);
        first.expire();
        return true;
    }
}
