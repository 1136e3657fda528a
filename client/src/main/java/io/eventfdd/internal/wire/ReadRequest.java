package io.eventfdd.internal.wire;

import java.time.Duration;

/**
 * The body of a read.
 *
 * @param timeout how long to wait for something to read; zero is "do not wait"
 * @param max the greatest number of permits to take of a semaphore, 1 to 1,024; it must be 1 for a
 *     counter, which is read as a whole
 */
public record ReadRequest(Duration timeout, int max) {
    /** The greatest number of permits that one read takes. */
    public static final int MOST = 1024;

    /** Takes 1 of a semaphore. */
    public ReadRequest(Duration timeout) {
        this(timeout, 1);
    }

    /** Reads the body; an absent timeout is {@code standard}, an absent {@code max} is 1. */
    public static ReadRequest from(JsonFields fields, Duration standard, Duration maxWait) {
        var request =
                new ReadRequest(
                        fields.timeout("timeout", maxWait).orElse(standard),
                        (int) fields.count("max", 1, MOST, 1));
        fields.end();
        return request;
    }

    /** The body that {@link #from} reads. */
    public JsonObject toJson() {
        var json = Json.object().put("timeout", Timeout.format(timeout));
        return max == 1 ? json : json.put("max", max);
    }
}
