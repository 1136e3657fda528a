package io.eventfdd.server.cli;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdState;
import io.eventfdd.client.Signal;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonObject;
import io.eventfdd.internal.wire.StateDocument;

import java.util.List;

/** The state of an eventfd as {@code ls} and {@code stat} print it. */
final class StateFields {
    static final List<String> HEAD =
            List.of("NAME", "COUNT", "KIND", "MODE", "UID", "GID", "WAITERS", "CREATED", "LEASED");

    static final Output.Fields<EventfdState> FIELDS =
            new Output.Fields<>(HEAD, StateFields::row, StateDocument::json);

    private StateFields() {}

    static List<String> row(EventfdState state) {
        return List.of(
                state.name(),
                Count.toString(state.count()),
                (state.spec().semaphore() ? "semaphore" : "counter")
                        + (state.spec().nonblocking() ? "" : ",blocking"),
                state.spec().mode().toString(),
                Long.toString(state.owner()),
                Long.toString(state.group()),
                Integer.toString(state.waiters()),
                state.created().toString(),
                Count.toString(state.leased()));
    }

    /** A name with the count or value that belongs to it. */
    static JsonObject json(String name, String field, long value) {
        var json = Json.object().put("name", name);
        Json.putCount(json, field, value);
        return json;
    }

    /** What was ready, as the daemon tells it. */
    static JsonObject json(List<Signal> ready, String field) {
        var json = Json.object();
        var array = json.putArray("ready");
        ready.forEach(one -> array.add(json(one.name().value(), field, one.value())));
        return json;
    }
}
