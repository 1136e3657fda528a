package io.eventfdd.server.idempotency;

import io.eventfdd.client.EventfdName;

import java.time.Duration;
import java.util.List;

/**
 * The answer of an idempotency key on its way from one process to the next.
 *
 * @param uid the user of the key
 * @param key the key
 * @param request the digest of its request
 * @param status the HTTP status of the answer
 * @param body its JSON; empty if it has none
 * @param taken the values in the answer that no client has taken
 * @param left the rest of the key's life; not a date, because the clock may be set while no daemon
 *     runs
 */
public record KeptAnswer(
        int uid,
        String key,
        String request,
        int status,
        String body,
        List<Taken> taken,
        Duration left) {
    /** More than the life of any key, so that the life of a new key is used instead. */
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
