package io.eventfdd.internal.wire;

import io.eventfdd.client.AccessMode;
import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfdState;

import java.time.Instant;

/** The JSON object with the state of an eventfd, as the daemon sends it and commands print it. */
public final class StateDocument {
    private StateDocument() {}

    /** Reads the state from {@code fields}. Fields of later versions are ignored. */
    public static EventfdState from(JsonFields fields) {
        var owner = fields.fields("owner");
        return new EventfdState(
                fields.text("name").orElse(""),
                fields.count("count", 0, -1, 0),
                new EventfdSpec(
                        0,
                        fields.bool("semaphore", false),
                        fields.bool("nonblocking", true),
                        fields.mode("mode").orElse(AccessMode.DEFAULT)),
                owner.map(user -> user.count("uid", 0, Count.MAX_INITIAL, 0)).orElse(0L),
                owner.map(user -> user.count("gid", 0, Count.MAX_INITIAL, 0)).orElse(0L),
                (int) fields.count("waiters", 0, Integer.MAX_VALUE, 0),
                fields.count("leased", 0, -1, 0),
                fields.time("created").orElse(Instant.EPOCH));
    }

    /** The object that {@link #from} reads. */
    public static JsonObject json(EventfdState state) {
        var json = Json.object().put("name", state.name());
        Json.putCount(json, "count", state.count());
        json.put("semaphore", state.spec().semaphore());
        json.put("nonblocking", state.spec().nonblocking());
        json.put("mode", state.spec().mode().toString());
        json.putObject("owner").put("uid", state.owner()).put("gid", state.group());
        json.put("waiters", state.waiters());
        Json.putCount(json, "leased", state.leased());
        return json.put("created", state.created().toString());
    }
}
