package io.eventfdd.server.eventfds;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Logs what users were denied, at most once a minute for each user, so that nobody can fill the
 * log. Any thread may call it.
 */
public final class Denials {
    private static final System.Logger LOGGER = System.getLogger(Denials.class.getName());
    private static final long SILENCE = Duration.ofMinutes(1).toNanos();

    /** Above this number of users, the oldest entries are dropped. */
    private static final int USERS = 10_000;

    private final LongSupplier nanoTime;
    private final Map<Integer, Long> logged = new ConcurrentHashMap<>();
    private final LongAdder count = new LongAdder();

    /** Starts with no denials. {@code nanoTime} is the clock, such as {@link System#nanoTime}. */
    public Denials(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Records that {@code user} was denied something; {@code sentence} says what. */
    public void add(int user, String sentence) {
        count.increment();
        long now = nanoTime.getAsLong();
        if (logged.size() >= USERS) {
            logged.values().removeIf(last -> now - last >= SILENCE);
        }
        var last = logged.get(user);
        boolean due =
                last == null
                        ? logged.putIfAbsent(user, now) == null
                        : now - last >= SILENCE && logged.replace(user, last, now);
        if (due) {
            LOGGER.log(
                    Level.WARNING,
                    "denied: {0} (further denials of this user are not logged for a minute)",
                    sentence);
        }
    }

    /** The number of denials so far. */
    public long count() {
        return count.sum();
    }
}
