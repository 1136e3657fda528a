package io.eventfdd.internal.wire;

import io.eventfdd.client.Count;
import io.eventfdd.client.ProblemType;

import java.time.Duration;
import java.util.List;

/**
 * The request for a lease.
 *
 * @param take permits that are taken, all of them or none, and that come back at the end
 * @param give the values that are written if the lease lapses
 * @param timeout how long to wait for the permits; zero is "do not wait"
 */
public record LeaseRequest(
        List<LeaseShare> take, List<LeaseShare> give, LeaseHolder holder, Duration timeout) {
    /** The greatest number of permits that one lease takes in all. */
    public static final int MAX_PERMITS = 1024;

    /** Copies the lists and checks that there is anything to do. */
    public LeaseRequest {
        take = List.copyOf(take);
        give = List.copyOf(give);
        if (take.isEmpty() && give.isEmpty()) {
            throw new ProblemException(
                    ProblemType.INVALID_REQUEST,
                    "take and give are both empty; a lease needs at least one of them");
        }
        long permits = 0;
        for (var share : take) {
            permits += share.value();
        }
        if (permits > MAX_PERMITS) {
            throw new ProblemException(
                    ProblemType.INVALID_VALUE,
                    "take: " + permits + " permits in all are more than " + MAX_PERMITS);
        }
    }

    /**
     * Reads the request; an absent timeout is {@code standard}.
     *
     * @param maxLease the longest time that a lease can be held for
     */
    public static LeaseRequest from(
            JsonFields fields, Duration standard, Duration maxWait, Duration maxLease) {
        var timeout = fields.timeout("timeout", maxWait).orElse(standard);
        var holder = fields.text("holder");
        fields.end("take", "give");
        return new LeaseRequest(
                LeaseShare.listFrom(fields, "take", MAX_PERMITS),
                LeaseShare.listFrom(fields, "give", Count.MAX),
                LeaseHolder.parse(holder.orElseThrow(() -> fields.missing("holder")), maxLease),
                timeout);
    }

    /** The same request, which waits for another time. */
    public LeaseRequest within(Duration time) {
        return new LeaseRequest(take, give, holder, time);
    }

    /** The body that {@link #from} reads. */
    public JsonObject toJson() {
        return writeTo(Json.object());
    }

    /** The packet on {@code fd.sock} that {@link #from} reads. */
    public JsonObject toPacket() {
        return writeTo(Op.LEASE.request());
    }

    private JsonObject writeTo(JsonObject json) {
        LeaseShare.write(take, json.putArray("take"));
        LeaseShare.write(give, json.putArray("give"));
        return json.put("holder", holder.text()).put("timeout", Timeout.format(timeout));
    }
}
