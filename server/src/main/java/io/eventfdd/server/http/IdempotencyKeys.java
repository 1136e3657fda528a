package io.eventfdd.server.http;

import io.eventfdd.protocol.ProblemException;
import io.eventfdd.protocol.ProblemType;
import io.eventfdd.protocol.Shown;
import io.eventfdd.server.loop.Eventfds;
import io.eventfdd.server.loop.Reading;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.DelayQueue;
import java.util.concurrent.Delayed;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * The answers that belong to idempotency keys, each for its life: a call that comes again with its
 * key gets its answer again and does nothing twice. For all threads; one of its own lets lapsed
 * keys go.
 *
 * <p>What a call took and its client did not is kept with the key, and goes back to the eventfd
 * when the key lapses.
 *
 * @see <a href="https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/">The
 *     Idempotency-Key header</a>
 */
public final class IdempotencyKeys implements AutoCloseable {
    private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]{1,255}");

    private final String origin;
    private final Eventfds eventfds;
    private volatile Duration life;
    private volatile Limits limits;
    private final Map<Owned, Entry> entries = new ConcurrentHashMap<>();
    private final Map<Integer, Usage> usage = new ConcurrentHashMap<>();
    private final DelayQueue<Entry> lapsing = new DelayQueue<>();
    private final LongAdder replays = new LongAdder();
    private final Thread reaper;

    /**
     * How much one user may have kept.
     *
     * @param keys how many
     * @param bytes of their answers
     */
    public record Limits(int keys, long bytes) {}

    private record Owned(int uid, String key) {}

    private record Usage(int keys, long bytes) {
        static final Usage NONE = new Usage(0, 0);

        Usage plus(int moreKeys, long moreBytes) {
            return new Usage(keys + moreKeys, bytes + moreBytes);
        }
    }

    /**
     * None yet.
     *
     * @param origin what {@link #origin} tells
     */
    public IdempotencyKeys(Eventfds eventfds, Duration life, Limits limits, String origin) {
        this.origin = origin;
        this.eventfds = eventfds;
        this.life = life;
        this.limits = limits;
        this.reaper = Thread.ofVirtual().name("eventfdd-keys").start(this::letGo);
    }

    /** Another life for the answers that come from now on, and other limits for new keys. */
    public void limit(Duration life, Limits limits) {
        this.life = life;
        this.limits = limits;
    }

    /** One key and what became of its call. */
    final class Entry implements Delayed {
        private final Owned owned;
        private final byte[] request;
        private Optional<Answer> answer = Optional.empty();
        private List<Reading> kept = List.of();

        /** What another process kept, until it is settled which eventfds that was taken from. */
        private List<KeptAnswer.Taken> inherited = List.of();

        private int size;
        private int deliveries;
        private boolean lapsed;
        private long lapse;

        private Entry(Owned owned, byte[] request) {
            this.owned = owned;
            this.request = request;
        }

        /**
         * The answer once more, on its way to a client; empty where the key has lapsed just now and
         * what it kept has gone back.
         */
        private synchronized Optional<Answer> again(byte[] same) {
            if (lapsed) {
                return Optional.empty();
            }
            if (answer.isEmpty()) {
                throw ProblemType.IDEMPOTENCY_KEY_IN_USE.exception(
                        "the first call with this key is still running");
            }
            if (!Arrays.equals(request, same)) {
                throw ProblemType.IDEMPOTENCY_KEY_REUSED.exception(
                        "the key came before with another method, path or body");
            }
            deliveries++;
            return answer;
        }

        /** The call has its answer, which is on its way to a client. */
        private synchronized void answered(Answer now) {
            deliveries++;
            answer = Optional.of(now);
            kept = now.taken();
            lapse = System.nanoTime() + life.toNanos();
            size = now.size();
            count(owned.uid(), 0, size);
            lapsing.add(this);
        }

        /** The client took what was on its way to it, or did not. */
        synchronized void delivered(boolean taken) {
            deliveries--;
            if (taken) {
                inherited = List.of();
                kept = List.of();
            }
            putBackIfLapsed();
        }

        /**
         * Whether a value belongs to the answer that no client has taken yet: then it has to be
         * {@linkplain #delivered told} whether this one did.
         */
        synchronized boolean keepsValue() {
            return !kept.isEmpty() || !inherited.isEmpty();
        }

        /** Another process gave this answer. */
        private synchronized void answered(KeptAnswer before) {
            var now = Answer.of(before);
            answer = Optional.of(now);
            inherited = before.taken();
            lapse = System.nanoTime() + Duration.between(Instant.now(), before.lapses()).toNanos();
            size = now.size();
        }

        /** The eventfds are there that {@code readings} were taken from in another process. */
        private synchronized void keep(List<Reading> readings) {
            if (!inherited.isEmpty()) {
                inherited = List.of();
                kept = readings;
                putBackIfLapsed();
            }
        }

        private synchronized Optional<KeptAnswer> leave() {
            return answer.map(it ->
                    it.leave(
                            owned.uid(),
                            owned.key(),
                            Base64.getEncoder().encodeToString(request),
                            untaken(),
                            Instant.now().plusNanos(lapse - System.nanoTime())));
        }

        private List<KeptAnswer.Taken> untaken() {
            return inherited.isEmpty()
                    ? kept.stream()
                            .filter(it -> !it.isGone())
                            .map(it -> new KeptAnswer.Taken(it.name(), it.value()))
                            .toList()
                    : inherited;
        }

        private synchronized void lapse() {
            lapsed = true;
            putBackIfLapsed();
        }

        private void putBackIfLapsed() {
            if (lapsed && deliveries == 0 && !kept.isEmpty()) {
                eventfds.putBack(kept);
                kept = List.of();
            }
        }

        private synchronized int bytes() {
            return size;
        }

        @Override
        public synchronized long getDelay(TimeUnit unit) {
            return unit.convert(lapse - System.nanoTime(), TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.compare(
                    getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
        }
    }

    /** An answer with the entry that it is kept in. */
    record Keyed(Answer answer, Entry entry) {}

    /**
     * The answer of {@code key}, or else that of {@code call}, which is made now and kept where it
     * is one that is.
     *
     * @param uid whose key it is
     * @param request what the call is told by: method, path and body
     * @throws ProblemException that of the call, or {@code idempotency-key-in-use}, {@code
     *     idempotency-key-reused}, {@code limit}, {@code invalid-request}
     */
    Keyed answer(int uid, String key, List<byte[]> request, Supplier<Answer> call) {
        if (!KEY.matcher(key).matches()) {
            throw ProblemType.INVALID_REQUEST.exception(
                    "Idempotency-Key: "
                            + Shown.quoted(key)
                            + " is not 1 to 255 visible ASCII characters");
        }
        var digest = digest(request);
        var mine = new Entry(new Owned(uid, key), digest);
        for (var standing = enter(mine); standing.isPresent(); standing = enter(mine)) {
            var again = standing.get().again(digest);
            if (again.isPresent()) {
                replays.increment();
                return new Keyed(again.get(), standing.get());
            }
        }
        count(uid, 1, 0);
        boolean kept = false;
        try {
            var answer = made(call);
            mine.answered(answer);
            kept = true;
            return new Keyed(answer, mine);
        } finally {
            if (!kept) {
                forget(mine);
            }
        }
    }

    /** Enters {@code mine} where its key is new; else the one that stands. */
    private Optional<Entry> enter(Entry mine) {
        var standing = entries.get(mine.owned);
        if (standing == null) {
            checkLimits(mine.owned.uid());
            standing = entries.putIfAbsent(mine.owned, mine);
        }
        return Optional.ofNullable(standing);
    }

    /** An answer that is kept; the problems that are not are thrown. */
    private static Answer made(Supplier<Answer> call) {
        try {
            return call.get();
        } catch (ProblemException e) {
            return switch (e.problem().type()) {
                case WOULD_BLOCK, GONE -> new Answer.Refusal(e.problem());
                default -> throw e;
            };
        }
    }

    private void checkLimits(int uid) {
        var used = usage.getOrDefault(uid, Usage.NONE);
        if (used.keys() >= limits.keys()) {
            throw ProblemType.LIMIT.exception(
                    "max-keys: this user has " + used.keys() + " idempotency keys already");
        }
        if (used.bytes() >= limits.bytes()) {
            throw ProblemType.LIMIT.exception(
                    "max-key-bytes: the answers of this user's idempotency keys fill "
                            + used.bytes()
                            + " bytes already");
        }
    }

    private void count(int uid, int keys, long bytes) {
        usage.merge(
                uid,
                new Usage(keys, bytes),
                (a, b) -> {
                    var sum = a.plus(b.keys(), b.bytes());
                    return sum.equals(Usage.NONE) ? null : sum;
                });
    }

    private void forget(Entry entry) {
        entries.remove(entry.owned, entry);
        count(entry.owned.uid(), -1, -entry.bytes());
    }

    /** In this order: who finds it lapsed finds its key free. */
    private void end(Entry entry) {
        forget(entry);
        entry.lapse();
    }

    private void letGo() {
        try {
            while (true) {
                end(lapsing.take());
            }
        } catch (InterruptedException e) {
            // the daemon stops
        }
    }

    private static byte[] digest(List<byte[]> parts) {
        try {
            var sha = MessageDigest.getInstance("SHA-256");
            for (var part : parts) {
                sha.update(part);
                sha.update((byte) 0);
            }
            return sha.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /**
     * Tells these keys from those of a daemon that did not know them; the same for all daemons that
     * went on with the keys of the one before them.
     */
    public String origin() {
        return origin;
    }

    /** How many calls came again with their key. */
    public long replays() {
        return replays.sum();
    }

    /** How many keys are kept. */
    public int size() {
        return entries.size();
    }

    // From process to process

    /** Goes on with the answers of another process; once its eventfds are known here. */
    public void restore(List<KeptAnswer> answers) {
        for (var answer : answers) {
            var entry =
                    new Entry(
                            new Owned(answer.uid(), answer.key()),
                            Base64.getDecoder().decode(answer.request()));
            entry.answered(answer);
            entries.put(entry.owned, entry);
            count(answer.uid(), 1, entry.size);
            lapsing.add(entry);
            if (!answer.taken().isEmpty()) {
                // One of them may still wait for its holder.
                Thread.ofVirtual().start(() -> entry.keep(taken(answer)));
            }
        }
    }

    private List<Reading> taken(KeptAnswer answer) {
        return answer.taken().stream()
                .flatMap(one -> eventfds.succession().taken(one.name(), one.value()).stream())
                .toList();
    }

    /** The answers that are kept, for another process; once no call is made any more. */
    public List<KeptAnswer> leave() {
        reaper.interrupt();
        return entries.values().stream().flatMap(entry -> entry.leave().stream()).toList();
    }

    /** Ends its thread. */
    @Override
    public void close() {
        reaper.interrupt();
    }
}
