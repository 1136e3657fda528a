package io.eventfdd.server.cli;

import io.eventfdd.client.Count;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonObject;
import io.eventfdd.internal.wire.WaiterState;

import java.util.List;

/**
 * A call that waits on one eventfd, as {@code stat} prints it in the columns of {@link
 * HolderFields}.
 */
final class WaiterFields {
    private static final String NOTHING = "-";

    private WaiterFields() {}

    static List<String> row(WaiterState waiter) {
        var client = new ClientProcess(waiter.pid(), waiter.uid());
        return List.of(
                waiter.kind().text(),
                client.pidText(),
                client.command(),
                client.user(),
                waiter.value().isPresent() ? Count.toString(waiter.value().getAsLong()) : NOTHING,
                waiter.since().toString());
    }

    static JsonObject json(WaiterState waiter) {
        var client = new ClientProcess(waiter.pid(), waiter.uid());
        var json =
                Json.object()
                        .put("kind", waiter.kind().text())
                        .put("pid", waiter.pid())
                        .put("command", client.command())
                        .put("uid", Integer.toUnsignedLong(waiter.uid()))
                        .put("user", client.user());
        waiter.value().ifPresent(value -> Json.putCount(json, "amount", value));
        return json.put("since", waiter.since().toString());
    }
}
