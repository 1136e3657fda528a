package io.eventfdd.server.loop;

import java.io.IOException;
import java.util.TreeSet;

/** Who is to be woken when. Belongs to the loop's thread. */
public final class Deadlines {
    private static final long NANOS_A_MILLI = 1_000_000;

    /** Something that ends by itself at a time. */
    public interface Timed {
        /** When, in the loop's clock. */
        long deadline();

        /** The order of arrival, unique. */
        long sequence();

        /** The time has come; it is not in the table any more. */
        void expire() throws IOException;
    }

    private final TreeSet<Timed> byTime =
            new TreeSet<>((a, b) -> {
                // As differences: nanoTime may overflow.
                long order = a.deadline() - b.deadline();
                return order != 0 ? Long.signum(order) : Long.compare(a.sequence(), b.sequence());
            });

    public void add(Timed timed) {
        byTime.add(timed);
    }

    public void remove(Timed timed) {
        byTime.remove(timed);
    }

    /** For epoll_wait: -1 where there is none; rounded up, since a timeout is never early. */
    int millisUntilNext(long now) {
        if (byTime.isEmpty()) {
            return -1;
        }
        long nanos = byTime.first().deadline() - now;
        return nanos <= 0
                ? 0
                : (int) Math.min(Integer.MAX_VALUE, (nanos + NANOS_A_MILLI - 1) / NANOS_A_MILLI);
    }

    /** Expires the next one whose time has come by {@code now}. False if there is none. */
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
