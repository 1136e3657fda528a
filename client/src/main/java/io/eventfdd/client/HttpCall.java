package io.eventfdd.client;

import com.fasterxml.jackson.databind.JsonNode;

import io.eventfdd.protocol.Json;

import org.jspecify.annotations.Nullable;

import java.math.BigInteger;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * One call on the daemon.
 *
 * @param repeats what may be done where the connection ended after it was sent
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares calls
record HttpCall(
        String method,
        String path,
        Map<String, String> headers,
        byte @Nullable [] body,
        Repeats repeats) {
    /** Whether a call may be sent once more. */
    enum Repeats {
        /** Only where the first did not reach the daemon. */
        NEVER,
        /** To the same daemon, which knows the first by its key, or puts back what it took. */
        TO_THE_SAME_DAEMON,
        /** To any, since it changes nothing. */
        ALWAYS
    }

    static HttpCall get(String path) {
        return new HttpCall("GET", path, Map.of(), null, Repeats.ALWAYS);
    }

    /** A call that waits: its connection is its place in the line. */
    static HttpCall getWaiting(String path) {
        return new HttpCall("GET", path, Map.of(), null, Repeats.TO_THE_SAME_DAEMON);
    }

    static HttpCall put(String path, JsonNode body, boolean exclusive) {
        return new HttpCall(
                "PUT",
                path,
                exclusive ? Map.of("If-None-Match", "*") : Map.of(),
                Json.bytes(body),
                exclusive ? Repeats.NEVER : Repeats.TO_THE_SAME_DAEMON);
    }

    static HttpCall delete(String path) {
        return new HttpCall("DELETE", path, Map.of(), null, Repeats.NEVER);
    }

    /** A write that does not wait. */
    static HttpCall write(String path, JsonNode body) {
        return new HttpCall("POST", path, Map.of(), Json.bytes(body), Repeats.NEVER);
    }

    /**
     * A write that waits, with a key of its own that tells later whether it was carried out. The
     * others have none: a user has no more than a number of keys within minutes.
     */
    static HttpCall writeWithKey(String path, JsonNode body) {
        return new HttpCall(
                "POST",
                path,
                Map.of("Idempotency-Key", newKey()),
                Json.bytes(body),
                Repeats.TO_THE_SAME_DAEMON);
    }

    /** The same with another body: where this one was carried out, the daemon refuses it. */
    HttpCall withBody(JsonNode other) {
        return new HttpCall(method, path, headers, Json.bytes(other), repeats);
    }

    /**
     * A call that takes something, or waits for it. It has no key: with one, the daemon would keep
     * what it took for a caller who has given up meanwhile; without, it puts back at once what did
     * not arrive.
     */
    static HttpCall read(String path, JsonNode body) {
        return new HttpCall("POST", path, Map.of(), Json.bytes(body), Repeats.TO_THE_SAME_DAEMON);
    }

    /** 128 random bits: not a secret, since keys are each user's own. */
    private static String newKey() {
        var random = ThreadLocalRandom.current();
        return new BigInteger(128, random).toString(32);
    }

    @Override
    public String toString() {
        return method + " " + path;
    }
}
