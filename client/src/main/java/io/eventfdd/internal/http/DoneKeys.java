package io.eventfdd.internal.http;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The idempotency keys whose answers were received whole, until the daemon hears of them and
 * forgets them too: each travels with the next request, whatever that is. So the daemon keeps no
 * more keys of a client than it has calls under way. For all threads.
 *
 * <p>The word for a request that was cut off goes again with another one: it is no error to be done
 * with a key twice, and no key is ever used again.
 */
final class DoneKeys {
    static final String HEADER = "Idempotency-Key-Done";

    /** Less than 2 KiB of the 16 that the daemon takes as the headers of a request. */
    static final int MOST_AT_ONCE = 64;

    /** How long after its answer a daemon may have a request unread that it got before. */
    private static final long HOLD_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final LongSupplier clock;
    private final ConcurrentLinkedQueue<String> ready = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Held> held = new ConcurrentLinkedQueue<>();

    private record Held(String key, long since) {}

    /**
     * None yet.
     *
     * @param clock nanoseconds since whenever
     */
    DoneKeys(LongSupplier clock) {
        this.clock = clock;
    }

    /** The only request with {@code key} is answered. */
    void add(String key) {
        ready.add(key);
    }

    /**
     * One of several requests with {@code key} is answered. The others were cut off, and if the
     * daemon comes upon one of them yet, it has to know the key, lest it carry that out as a new
     * call. So this one is held back for a time.
     */
    void addLater(String key) {
        held.add(new Held(key, clock.getAsLong()));
    }

    /** Takes those that the next request is to name. */
    List<String> take() {
        release();
        var key = ready.poll();
        if (key == null) {
            return List.of();
        }
        var taken = new ArrayList<String>();
        for (; key != null; key = taken.size() < MOST_AT_ONCE ? ready.poll() : null) {
            taken.add(key);
        }
        return taken;
    }

    private void release() {
        for (var first = held.peek();
                first != null && clock.getAsLong() - first.since() >= HOLD_NANOS;
                first = held.peek()) {
            if (held.remove(first)) {
                ready.add(first.key());
            }
        }
    }

    /** The request that was to name {@code keys} may not have arrived. */
    void putBack(List<String> keys) {
        ready.addAll(keys);
    }
}
