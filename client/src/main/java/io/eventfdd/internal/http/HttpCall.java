package io.eventfdd.internal.http;

import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonObject;

import org.jspecify.annotations.Nullable;

import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * One call to the daemon.
 *
 * @param repeats whether the call may be repeated if the connection ended after it was sent
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares calls
public record HttpCall(
        String method,
        String path,
        Map<String, String> headers,
        byte @Nullable [] body,
        Repeats repeats) {
    private static final String KEY = "Idempotency-Key";

    /** The conditions under which a call may be sent again. */
    enum Repeats {
        /** Only if the first one did not reach the daemon. */
        NEVER,
        /** Only to a daemon that knows the keys of the one that the call was sent to. */
        WITH_ITS_KEY,
        /** To any daemon, because a second time changes nothing. */
        ALWAYS
    }

    public static HttpCall get(String path) {
        return new HttpCall("GET", path, Map.of(), null, Repeats.ALWAYS);
    }

    static HttpCall put(String path, JsonObject body, boolean exclusive) {
        return new HttpCall(
                "PUT",
                path,
                exclusive ? Map.of("If-None-Match", "*") : Map.of(),
                Json.bytes(body),
                exclusive ? Repeats.NEVER : Repeats.ALWAYS);
    }

    static HttpCall delete(String path) {
        return new HttpCall("DELETE", path, Map.of(), null, Repeats.NEVER);
    }

    /**
     * A call on something that never comes back under the same name, so that a second time changes
     * nothing.
     */
    static HttpCall deleteOnce(String path) {
        return new HttpCall("DELETE", path, Map.of(), null, Repeats.ALWAYS);
    }

    /** A write, with a new key that tells later whether it was carried out. */
    static HttpCall write(String path, JsonObject body) {
        return withKey(path, newKey(), body);
    }

    /** A call that adds or takes, with a key that its caller knows. */
    static HttpCall withKey(String path, String key, JsonObject body) {
        return new HttpCall("POST", path, Map.of(KEY, key), Json.bytes(body), Repeats.WITH_ITS_KEY);
    }

    /**
     * A call that takes something, with a new key. It may be repeated to any daemon: a value that
     * did not arrive is kept for the key or is back in the eventfd.
     */
    static HttpCall taking(String path, JsonObject body) {
        return new HttpCall("POST", path, Map.of(KEY, newKey()), Json.bytes(body), Repeats.ALWAYS);
    }

    /** A copy that says that {@code keys} are done. */
    HttpCall withDone(List<String> keys) {
        if (keys.isEmpty()) {
            return this;
        }
        var all = new HashMap<>(headers);
        all.put(DoneKeys.HEADER, String.join(",", keys));
        return new HttpCall(method, path, all, body, repeats);
    }

    /** The idempotency key of this call; empty if it has none. */
    Optional<String> key() {
        return Optional.ofNullable(headers.get(KEY));
    }

    /**
     * Another call with the same key. If this call was carried out or is being carried out, the
     * daemon refuses the other one.
     */
    HttpCall instead(HttpCall other) {
        return new HttpCall(other.method, other.path, headers, other.body, other.repeats);
    }

    /**
     * A call with a body that may be made twice: it changes nothing, or the daemon takes back what
     * it gives if the answer is not taken.
     */
    static HttpCall look(String path, JsonObject body) {
        return new HttpCall("POST", path, Map.of(), Json.bytes(body), Repeats.ALWAYS);
    }

    /**
     * A new key of 128 random bits. It need not be secret, because each user has keys of its own.
     * It has only letters and digits, because a comma separates keys that are done.
     */
    private static String newKey() {
        var random = ThreadLocalRandom.current();
        return new BigInteger(128, random).toString(32);
    }

    @Override
    public String toString() {
        return method + " " + path;
    }
}
