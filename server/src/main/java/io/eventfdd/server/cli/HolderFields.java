package io.eventfdd.server.cli;

import io.eventfdd.client.Count;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonObject;
import io.eventfdd.internal.wire.LeaseShare;
import io.eventfdd.internal.wire.LeaseState;

import java.util.List;

/** A holder of permits of one eventfd, as {@code stat} prints it. */
final class HolderFields {
    static final List<String> HEAD = List.of("", "PID", "COMMAND", "USER", "AMOUNT", "SINCE");

    private HolderFields() {}

    /**
     * The {@code leases} that hold permits of {@code name}. Leases that only give to it hold none.
     */
    static List<LeaseState> holding(String name, List<LeaseState> leases) {
        return leases.stream().filter(lease -> amount(name, lease) != 0).toList();
    }

    private static long amount(String name, LeaseState lease) {
        return lease.take().stream()
                .filter(share -> share.name().value().equals(name))
                .mapToLong(LeaseShare::value)
                .sum();
    }

    static List<String> row(String name, LeaseState lease) {
        var client = new ClientProcess(lease.holder().pid(), lease.holder().uid());
        return List.of(
                "holder",
                client.pidText(),
                client.command(),
                client.user(),
                Count.toString(amount(name, lease)),
                lease.since().toString());
    }

    static JsonObject json(String name, LeaseState lease) {
        var client = new ClientProcess(lease.holder().pid(), lease.holder().uid());
        var json =
                Json.object()
                        .put("lease", lease.id())
                        .put("kind", lease.holder().kind().text())
                        .put("pid", lease.holder().pid())
                        .put("command", client.command())
                        .put("uid", Integer.toUnsignedLong(lease.holder().uid()))
                        .put("user", client.user());
        Json.putCount(json, "amount", amount(name, lease));
        return json.put("since", lease.since().toString());
    }
}
