package io.eventfdd.internal.http;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The idempotency keys whose answers were received completely, until the daemon learns of that and
 * forgets them too. Each key is sent with the next request, whatever that is, so the daemon keeps
 * no more keys of a client than the client has calls under way. Safe for all threads.
 *
 * <p>If a request that named keys was cut off, another one names them again: it is not an error to
 * be done with a key twice, and no key is ever used again.
 */
final class DoneKeys {
    static final String HEADER = "Idempotency-Key-Done";

    /** Less than 2 KiB of the 16 that the daemon takes as the headers of a request. */
    static final int MOST_AT_ONCE = 64;

    /**
     * The longest time for which a daemon may have a request unread that arrived before the one
     * that it has answered.
     */
    private static final long HOLD_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final LongSupplier clock;
    private final ConcurrentLinkedQueue<String> ready = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Held> held = new ConcurrentLinkedQueue<>();

    private record Held(String key, long since) {}

    /**
     * Starts without keys.
     *
     * @param clock a clock in nanoseconds
     */
    DoneKeys(LongSupplier clock) {
        this.clock = clock;
    }

    /** Notes that the only request with {@code key} was answered. */
    void add(String key) {
        ready.add(key);
    }

    /**
     * Notes that one of several requests with {@code key} was answered. The others were cut off. If
     * the daemon still reads one of them, it must know the key, because otherwise it would carry
     * out that request as a new call. The key is therefore held back for a time.
     */
    void addLater(String key) {
        held.add(new Held(key, clock.getAsLong()));
    }

    /** Takes the keys that the next request is to name. */
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

    /** Takes {@code keys} back, because the request that named them may not have arrived. */
    void putBack(List<String> keys) {
        ready.addAll(keys);
    }
}
