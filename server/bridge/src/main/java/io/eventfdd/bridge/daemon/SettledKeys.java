package io.eventfdd.bridge.daemon;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.LongSupplier;

/**
 * The keys that a link needs no more, until the daemon hears of it. For one thread.
 *
 * <p>A key is held back for {@link #UNREAD} if an earlier request with it was cut off. The daemon
 * may still have that request unread, and would carry it out as a new call if it had forgotten the
 * key. The first keys after a start are held back too, because an earlier bridge may have been
 * killed during a call with one of them; but only from the first answer on, since a daemon that is
 * stopped reads nothing.
 */
final class SettledKeys {
    /** The longest time for which a daemon may have a request unread. */
    static final Duration UNREAD = Duration.ofSeconds(10);

    /** How many keys one request names, and how many calls an earlier bridge may have begun. */
    static final int MOST_AT_ONCE = 64;

    private final LongSupplier clock;
    private long start;
    private final Queue<String> ready = new ArrayDeque<>();
    private final Queue<Held> held = new ArrayDeque<>();

    /** When a request with the key was cut off last. */
    private final Map<String, Long> cuts = new HashMap<>();

    private int added;

    private record Held(String key, long until) {}

    /**
     * Has no keys yet.
     *
     * @param clock a clock in nanoseconds
     */
    SettledKeys(LongSupplier clock) {
        this.clock = clock;
        begin();
    }

    /** Notes that the daemon has answered this bridge for the first time. */
    void begin() {
        start = clock.getAsLong();
    }

    /** Notes that a request with {@code key} was cut off just now. */
    void cutOff(String key) {
        cuts.put(key, clock.getAsLong());
    }

    /** How long the daemon must still know {@code key}. */
    Duration hold(String key) {
        var cut = cuts.get(key);
        long since = cut != null ? cut : start;
        boolean certain = cut == null && added >= MOST_AT_ONCE;
        long left = since + UNREAD.toNanos() - clock.getAsLong();
        return certain || left <= 0 ? Duration.ZERO : Duration.ofNanos(left);
    }

    /** Takes {@code keys}, whose calls were answered. */
    void add(List<String> keys) {
        for (var key : keys) {
            var hold = hold(key);
            cuts.remove(key);
            added++;
            if (hold.isZero()) {
                ready.add(key);
            } else {
                held.add(new Held(key, clock.getAsLong() + hold.toNanos()));
            }
        }
    }

    /** The keys that the next request is to name. They stay until they are {@link #told}. */
    List<String> next() {
        long now = clock.getAsLong();
        held.removeIf(one -> {
            boolean free = one.until - now <= 0;
            if (free) {
                ready.add(one.key);
            }
            return free;
        });
        var keys = new ArrayList<String>();
        for (var key : ready) {
            if (keys.size() == MOST_AT_ONCE) {
                break;
            }
            keys.add(key);
        }
        return keys;
    }

    /** Notes that the daemon has answered a request that named {@code keys}. */
    void told(List<String> keys) {
        for (int i = 0; i < keys.size(); i++) {
            ready.remove();
        }
    }
}
