package io.eventfdd.internal.wire;

import io.eventfdd.client.AccessMode;
import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdSpec;

/** The fields of a JSON object that give the spec of an eventfd. */
public final class SpecFields {
    private SpecFields() {}

    /** Reads the spec from {@code fields}. Absent fields have their defaults. */
    public static EventfdSpec from(JsonFields fields) {
        return new EventfdSpec(
                fields.count("initial", 0, Count.MAX_INITIAL, 0),
                fields.bool("semaphore", false),
                fields.bool("nonblocking", true),
                fields.mode("mode").orElse(AccessMode.DEFAULT));
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
