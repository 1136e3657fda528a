package io.eventfdd.server.idempotency;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.ProblemException;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The number of idempotency keys of each user, and the size of their answers. Any thread may call
 * it.
 */
final class KeyUsage {
    private final Map<Integer, Used> users = new ConcurrentHashMap<>();
    private volatile IdempotencyKeys.Limits limits;

    private record Used(int keys, long bytes) {
        static final Used NOTHING = new Used(0, 0);

        Used plus(int moreKeys, long moreBytes) {
            return new Used(keys + moreKeys, bytes + moreBytes);
        }
    }

    KeyUsage(IdempotencyKeys.Limits limits) {
        this.limits = limits;
    }

    /** Changes the limits for new keys. */
    void limit(IdempotencyKeys.Limits now) {
        limits = now;
    }

    /**
     * Counts a new key of {@code uid}.
     *
     * @throws ProblemException {@code limit} if the user has no room for it
     */
    void begin(int uid) {
        users.compute(
                uid,
                (user, used) -> {
                    var before = used == null ? Used.NOTHING : used;
                    check(before);
                    return before.plus(1, 0);
                });
    }

    private void check(Used used) {
        if (used.keys() >= limits.keys()) {
            throw new ProblemException(
                    ProblemType.LIMIT,
                    "max-keys: this user has " + used.keys() + " idempotency keys already");
        }
        if (used.bytes() >= limits.bytes()) {
            throw new ProblemException(
                    ProblemType.LIMIT,
                    "max-key-bytes: the answers of this user's idempotency keys fill "
                            + used.bytes()
                            + " bytes already");
        }
    }

    /** Adds {@code keys} and {@code bytes} regardless of the limits. */
    void add(int uid, int keys, long bytes) {
        users.merge(
                uid,
                new Used(keys, bytes),
                (used, more) -> {
                    var sum = used.plus(more.keys(), more.bytes());
                    return sum.equals(Used.NOTHING) ? null : sum;
                });
    }

    /** Stops counting a key and the {@code bytes} of its answer. */
    void end(int uid, long bytes) {
        add(uid, -1, -bytes);
    }
}
