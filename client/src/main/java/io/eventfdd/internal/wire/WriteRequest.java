package io.eventfdd.internal.wire;

import io.eventfdd.client.Count;

import java.time.Duration;

/**
 * The body of a write.
 *
 * @param value the value to add, 1 to 2^64-2 (unsigned)
 * @param timeout how long to wait for room; zero is "do not wait"
 */
public record WriteRequest(long value, Duration timeout) {
    /** Reads the body; an absent value is 1, an absent timeout {@code standard}. */
    public static WriteRequest from(JsonFields fields, Duration standard, Duration maxWait) {
        var request =
                new WriteRequest(
                        fields.count("value", 1, Count.MAX, 1),
                        fields.timeout("timeout", maxWait).orElse(standard));
        fields.end();
        return request;
    }

    /** The body that {@link #from} reads. */
    public JsonObject toJson() {
        var json = Json.object();
        Json.putCount(json, "value", value);
        return json.put("timeout", Timeout.format(timeout));
    }
}
