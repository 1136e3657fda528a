package io.eventfdd.server.idempotency;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.Shown;
import io.eventfdd.server.eventfds.Eventfds;
import io.eventfdd.server.eventfds.Reading;

import java.lang.System.Logger.Level;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * The answers that belong to idempotency keys. A call that is repeated with its key gets its answer
 * again, and is not carried out twice. An answer is kept until the client says that it is done with
 * the key, or until the key's life is over. Any thread may call it.
 *
 * <p>Values that a call took, and that its client has not taken, are kept with the key. They go
 * back to their eventfds when the key lapses.
 *
 * @see <a href="https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/">The
 *     Idempotency-Key header</a>
 */
public final class IdempotencyKeys implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(IdempotencyKeys.class.getName());
    private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]{1,255}");

    private final String origin;
    private final Eventfds eventfds;
    private volatile Duration life;
    private final KeyUsage usage;
    private final KeyLapses lapses;
    private final Map<KeyedCall.Key, KeyedCall> calls = new ConcurrentHashMap<>();
    private final LongAdder replays = new LongAdder();

    /**
     * The limits for one user.
     *
     * @param keys number of keys
     * @param bytes bytes of their answers
     */
    public record Limits(int keys, long bytes) {}

    /**
     * Starts without keys.
     *
     * @param origin the value of {@link #origin}
     */
    public IdempotencyKeys(Eventfds eventfds, Duration life, Limits limits, String origin) {
        this(eventfds, life, limits, origin, System::nanoTime);
    }

    /** Starts without keys, and uses {@code clock}, which counts nanoseconds. */
    IdempotencyKeys(
            Eventfds eventfds, Duration life, Limits limits, String origin, LongSupplier clock) {
        this.origin = origin;
        this.eventfds = eventfds;
        this.life = life;
        this.usage = new KeyUsage(limits);
        this.lapses = new KeyLapses(clock, this::lapsed);
    }

    /** Changes the life of later answers, and the limits for new keys. */
    public void limit(Duration life, Limits limits) {
        this.life = life;
        usage.limit(limits);
    }

    /** An answer and the call that it is kept for. */
    public record Keyed(Answer answer, KeyedCall call) {}

    /**
     * Returns the answer of {@code key}. If there is none, it makes {@code call} and keeps its
     * answer, if that is one to keep.
     *
     * @param uid the user of the key
     * @param request what identifies the call: its method, path and body
     * @throws ProblemException the problem of the call, or {@code idempotency-key-in-use}, {@code
     *     idempotency-key-reused}, {@code limit}, {@code invalid-request}
     */
    public Keyed answer(int uid, String key, List<byte[]> request, Supplier<Answer> call) {
        if (!KEY.matcher(key).matches()) {
            throw new ProblemException(
                    ProblemType.INVALID_REQUEST,
                    "Idempotency-Key: "
                            + Shown.quoted(key)
                            + " is not 1 to 255 visible ASCII characters");
        }
        var digest = digest(request);
        var mine = new KeyedCall(new KeyedCall.Key(uid, key), digest, eventfds);
        for (var standing = enter(mine); standing.isPresent(); standing = enter(mine)) {
            var again = standing.get().again(digest);
            if (again.isPresent()) {
                replays.increment();
                return new Keyed(again.get(), standing.get());
            }
        }
        boolean kept = false;
        try {
            var answer = made(call);
            usage.add(uid, 0, answer.size());
            mine.answered(answer, life, lapses);
            kept = true;
            return new Keyed(answer, mine);
        } finally {
            if (!kept) {
                forget(mine);
            }
        }
    }

    /** Enters {@code mine} if its key is new. Otherwise it returns the call that has the key. */
    private Optional<KeyedCall> enter(KeyedCall mine) {
        var standing = calls.get(mine.key());
        if (standing == null) {
            int uid = mine.key().uid();
            usage.begin(uid);
            standing = calls.putIfAbsent(mine.key(), mine);
            if (standing != null) {
                usage.end(uid, 0);
            }
        }
        return Optional.ofNullable(standing);
    }

    /** Makes the call and returns an answer to keep. A problem that is not kept is thrown. */
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

    // The end of a key

    /**
     * Forgets the keys of {@code uid} in {@code list}, which are separated by commas. Each is found
     * and removed without waiting.
     */
    public void forgetDone(int uid, String list) {
        for (int from = 0, comma; from < list.length(); from = comma + 1) {
            comma = list.indexOf(',', from);
            if (comma < 0) {
                comma = list.length();
            }
            done(new KeyedCall.Key(uid, list.substring(from, comma).strip()));
        }
    }

    /** Forgets {@code key}, unless there is none or its call still runs. */
    private void done(KeyedCall.Key key) {
        var call = calls.get(key);
        if (call != null) {
            call.lapse()
                    .ifPresent(moment -> {
                        if (forget(call)) {
                            lapses.remove(moment);
                            call.done();
                        }
                    });
        }
    }

    /** Removes the keys whose life is over, as the thread does. */
    void letGo() {
        lapses.letGo();
    }

    private void lapsed(KeyedCall call) {
        if (call.expire() && forget(call)) {
            call.lapsed();
        }
    }

    /** Removes {@code call} and stops counting its key. Returns false if it was removed already. */
    private boolean forget(KeyedCall call) {
        boolean was = calls.remove(call.key(), call);
        if (was) {
            usage.end(call.key().uid(), call.size());
        }
        return was;
    }

    /**
     * Identifies this set of keys. All daemons that went on with the keys of their predecessor have
     * the same origin; a daemon that does not know the keys has another one.
     */
    public String origin() {
        return origin;
    }

    /** The number of calls that were repeated with their key. */
    public long replays() {
        return replays.sum();
    }

    /** The number of keys that are kept. */
    public int size() {
        return calls.size();
    }

    // From process to process

    /**
     * Goes on with the answers of another process, once its eventfds are known here. Each is kept
     * for the rest of its life, but not longer than a new one.
     */
    public void restore(List<KeptAnswer> answers) {
        for (var answer : answers) {
            var call = KeyedCall.of(answer, eventfds);
            calls.put(call.key(), call);
            call.answered(answer, shorter(answer.left(), life), lapses);
            usage.add(answer.uid(), 1, call.size());
            if (!answer.taken().isEmpty()) {
                Thread.ofVirtual().start(() -> settle(call, answer));
            }
        }
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    /**
     * Waits until the eventfds of the values are known; one of them may have to be brought back.
     */
    private void settle(KeyedCall call, KeptAnswer answer) {
        try {
            if (call.keep(taken(answer))) {
                lapsed(call);
            }
        } catch (ProblemException e) {
            LOGGER.log(Level.DEBUG, "the next daemon gets the values of a key: {0}", e.problem());
        }
    }

    private List<Reading> taken(KeptAnswer answer) {
        return answer.taken().stream()
                .flatMap(one -> eventfds.succession().taken(one.name(), one.value()).stream())
                .toList();
    }

    /** The answers for the next process. It must be called after all calls have ended. */
    public List<KeptAnswer> leave() {
        lapses.close();
        return calls.values().stream().flatMap(call -> call.leave(lapses).stream()).toList();
    }

    /** Ends its thread. */
    @Override
    public void close() {
        lapses.close();
    }
}
