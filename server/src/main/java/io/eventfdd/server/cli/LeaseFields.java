package io.eventfdd.server.cli;

import io.eventfdd.client.Count;
import io.eventfdd.internal.wire.JsonObject;
import io.eventfdd.internal.wire.LeaseShare;
import io.eventfdd.internal.wire.LeaseState;

import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;

/** A lease as {@code leases} prints it. */
final class LeaseFields {
    static final Output.Fields<LeaseState> FIELDS =
            new Output.Fields<>(
                    List.of(
                            "LEASE", "HOLDER", "PID", "COMMAND", "USER", "TAKES", "GIVES", "SINCE",
                            "EXPIRES"),
                    LeaseFields::row,
                    LeaseFields::json);

    private static final String NOTHING = "-";

    private LeaseFields() {}

    private static List<String> row(LeaseState lease) {
        var holder = lease.holder();
        var client = new ClientProcess(holder.pid(), holder.uid());
        return List.of(
                lease.id(),
                holder.kind().text(),
                client.pidText(),
                client.command(),
                client.user(),
                text(lease.take()),
                text(lease.give()),
                lease.since().toString(),
                lease.expires().map(Instant::toString).orElse(NOTHING));
    }

    private static String text(List<LeaseShare> shares) {
        return shares.isEmpty()
                ? NOTHING
                : shares.stream()
                        .map(share -> share.name() + "=" + Count.toString(share.value()))
                        .collect(Collectors.joining(","));
    }

    /** As the daemon tells it, and what this machine knows of the process. */
    private static JsonObject json(LeaseState lease) {
        var json = lease.toJson();
        var client = new ClientProcess(lease.holder().pid(), lease.holder().uid());
        return json.put("command", client.command()).put("user", client.user());
    }
}
