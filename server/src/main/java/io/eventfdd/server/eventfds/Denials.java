package io.eventfdd.server.eventfds;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Logs what users were denied, once a minute for each of them at most, so that nobody can fill the
 * log. For all threads.
 */
public final class Denials {
    private static final System.Logger LOGGER = System.getLogger(Denials.class.getName());
    private static final long SILENCE = Duration.ofMinutes(1).toNanos();

    /** Above this many users the oldest news are forgotten. */
    private static final int USERS = 10_000;

    private final LongSupplier nanoTime;
    private final Map<Integer, Long> logged = new ConcurrentHashMap<>();
    private final LongAdder count = new LongAdder();

    /** None yet; {@code nanoTime} is the clock, as {@link System#nanoTime}. */
    public Denials(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** {@code user} was denied something; {@code sentence} says what. */
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
            LOGGER.log(Level.WARNING, "denied, and not told again for a minute: {0}", sentence);
        }
    }

    /** How often something was denied. */
    public long count() {
        return count.sum();
    }
}
