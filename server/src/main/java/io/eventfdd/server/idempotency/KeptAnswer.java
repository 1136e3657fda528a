package io.eventfdd.server.idempotency;

import io.eventfdd.client.EventfdName;

import java.time.Duration;
import java.util.List;

/**
 * The answer of an idempotency key on its way from process to process.
 *
 * @param uid whose key it is
 * @param key the key
 * @param request the digest of its request
 * @param status the HTTP status of the answer
 * @param body its JSON, empty where it has none
 * @param taken what it was answered with and its client did not take
 * @param left what was left of the key's life; no date, since clocks are set while no daemon runs
 */
public record KeptAnswer(
        int uid,
        String key,
        String request,
        int status,
        String body,
        List<Taken> taken,
        Duration left) {
    /** More than is left of any key's life: that of a new key then. */
    public static final Duration WHOLE_LIFE = Duration.ofDays(1);

    /** Copies the values. */
    public KeptAnswer {
        taken = List.copyOf(taken);
    }

    /**
     * A value that was taken from an eventfd.
     *
     * @param value unsigned
     */
    public record Taken(EventfdName name, long value) {}
}
