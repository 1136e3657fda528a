package io.eventfdd.internal.wire;

import io.eventfdd.client.AccessMode;
import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdSpec;

/** The fields of an object that say what an eventfd is made as. */
public final class SpecFields {
    private SpecFields() {}

    /** The spec that {@code fields} say; absent ones have their defaults. */
    public static EventfdSpec from(JsonFields fields) {
        return new EventfdSpec(
                fields.count("initial", 0, Count.MAX_INITIAL, 0),
                fields.bool("semaphore", false),
                fields.bool("nonblocking", true),
                fields.text("mode").map(AccessMode::parse).orElse(AccessMode.DEFAULT));
    }

    /** The object that {@link #from} reads. */
    public static JsonObject json(EventfdSpec spec) {
        return Json.object()
                .put("initial", spec.initial())
                .put("semaphore", spec.semaphore())
                .put("nonblocking", spec.nonblocking())
                .put("mode", spec.mode().toString());
    }
}
