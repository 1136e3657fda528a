package io.eventfdd.server.eventfds;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Logs what users were denied, at most once a minute for each user, so that nobody can fill the
 * log. Any thread may call it.
 */
public final class Denials {
    private static final System.Logger LOGGER = System.getLogger(Denials.class.getName());
    private static final long SILENCE = Duration.ofMinutes(1).toNanos();

    /** At this number of users, nothing is logged of others until some were silent for a minute. */
    private static final int USERS = 10_000;

    private final LongSupplier nanoTime;

    /** When each user's last denial was logged. */
    private final Map<Integer, Long> logged = new ConcurrentHashMap<>();

    /** When those who were silent for a minute were last dropped. */
    private final AtomicLong swept;

    private final LongAdder count = new LongAdder();

    /** Starts with no denials. {@code nanoTime} is the clock, such as {@link System#nanoTime}. */
    public Denials(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.swept = new AtomicLong(nanoTime.getAsLong());
    }

    /** Records that {@code user} was denied something; {@code sentence} says what. */
    public void add(int user, String sentence) {
        count.increment();
        if (begin(user, nanoTime.getAsLong())) {
            LOGGER.log(
                    Level.WARNING,
                    "denied: {0} (further denials of this user are not logged for a minute)",
                    sentence);
        }
    }

    /** Begins a minute of silence about {@code user}. Returns false if one is under way. */
    private boolean begin(int user, long now) {
        var last = logged.get(user);
        if (last != null) {
            return now - last >= SILENCE && logged.replace(user, last, now);
        }
        if (logged.size() >= USERS) {
            sweep(now);
        }
        return logged.size() < USERS && logged.putIfAbsent(user, now) == null;
    }

    /** Drops old entries, at most once a minute, because it looks at all of them. */
    private void sweep(long now) {
        long last = swept.get();
        if (now - last >= SILENCE && swept.compareAndSet(last, now)) {
            logged.values().removeIf(each -> now - each >= SILENCE);
        }
    }

    /** The number of denials so far. */
    public long count() {
        return count.sum();
    }
}
