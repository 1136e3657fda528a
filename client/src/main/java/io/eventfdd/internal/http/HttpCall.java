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
 * One call on the daemon.
 *
 * @param repeats what may be done where the connection ended after it was sent
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares calls
public record HttpCall(
        String method,
        String path,
        Map<String, String> headers,
        byte @Nullable [] body,
        Repeats repeats) {
    private static final String KEY = "Idempotency-Key";

    /** Whether a call may be sent once more. */
    enum Repeats {
        /** Only where the first did not reach the daemon. */
        NEVER,
        /** To a daemon that knows the keys of the one that it was sent to. */
        WITH_ITS_KEY,
        /** To any, since a second time changes nothing. */
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

    /** The same of what never comes back under its name, so that a second time changes nothing. */
    static HttpCall deleteOnce(String path) {
        return new HttpCall("DELETE", path, Map.of(), null, Repeats.ALWAYS);
    }

    /** A write, with a key of its own that tells later whether it was carried out. */
    static HttpCall write(String path, JsonObject body) {
        return new HttpCall(
                "POST", path, Map.of(KEY, newKey()), Json.bytes(body), Repeats.WITH_ITS_KEY);
    }

    /**
     * A call that takes something, with a key of its own. Any daemon may have it again: what did
     * not arrive is kept for the key or is back in the eventfd.
     */
    static HttpCall taking(String path, JsonObject body) {
        return new HttpCall("POST", path, Map.of(KEY, newKey()), Json.bytes(body), Repeats.ALWAYS);
    }

    /** The same, and {@code keys} are done. */
    HttpCall withDone(List<String> keys) {
        if (keys.isEmpty()) {
            return this;
        }
        var all = new HashMap<>(headers);
        all.put(DoneKeys.HEADER, String.join(",", keys));
        return new HttpCall(method, path, all, body, repeats);
    }

    /** Its idempotency key; empty if it has none. */
    Optional<String> key() {
        return Optional.ofNullable(headers.get(KEY));
    }

    /**
     * Another call with the same key: where this one was carried out, or still is, the daemon
     * refuses that.
     */
    HttpCall instead(HttpCall other) {
        return new HttpCall(other.method, other.path, headers, other.body, other.repeats);
    }

    /**
     * A call with a body that may be made twice: it changes nothing, or what it gives comes back if
     * its answer is not taken.
     */
    static HttpCall look(String path, JsonObject body) {
        return new HttpCall("POST", path, Map.of(), Json.bytes(body), Repeats.ALWAYS);
    }

    /**
     * 128 random bits: not a secret, since keys are each user's own. Letters and digits: a comma
     * would end it where it is done.
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
