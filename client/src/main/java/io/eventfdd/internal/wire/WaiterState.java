package io.eventfdd.internal.wire;

import java.time.Instant;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * A call that waits on an eventfd, as it was at one moment.
 *
 * @param value what it takes from this eventfd or adds to it; absent if it takes nothing, or
 *     whatever there is
 * @param pid the process of its client; 0 if it cannot be known
 * @param uid the user of its client
 */
public record WaiterState(Kind kind, OptionalLong value, int pid, int uid, Instant since) {
    /** What a call waits for. */
    public enum Kind {
        /** To take the count. */
        READ,
        /** To see the count, and take nothing. */
        WAIT,
        /** For room. */
        WRITE,
        /** To take permits under a lease. */
        LEASE;

        /** As it stands in a state. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Reads a state; fields of later versions are ignored. */
    public static WaiterState from(JsonFields fields) {
        return new WaiterState(
                fields.constant("kind", Kind.values(), Kind::text),
                fields.has("value")
                        ? OptionalLong.of(fields.count("value", 1, -1, 1))
                        : OptionalLong.empty(),
                (int) fields.count("pid", 0, Integer.MAX_VALUE, 0),
                (int) fields.count("uid", 0, 0xffff_ffffL, 0),
                fields.time("since").orElseThrow(() -> fields.missing("since")));
    }

    /** The JSON that {@link #from} reads. */
    public JsonObject toJson() {
        var json = Json.object().put("kind", kind.text());
        value.ifPresent(amount -> Json.putCount(json, "value", amount));
        return json.put("pid", pid)
                .put("uid", Integer.toUnsignedLong(uid))
                .put("since", since.toString());
    }
}
