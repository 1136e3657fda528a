package io.eventfdd.server.cli;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.internal.wire.StateDocument;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

@Command(
        name = "stat",
        description = {
            "Shows one eventfd, who holds permits of it, and who waits for it.",
            "LEASED is how many permits leases have taken. A line for each lease follows, with the"
                + " process that holds it, how many permits, and since when; then a line for each"
                + " call that waits: a read, a wait that takes nothing, a write that waits for"
                + " room, or a lease. AMOUNT is what it takes or writes; it is - if it takes"
                + " nothing, or all that there is.",
            "Processes that wait on raw descriptors are not known to the daemon."
        },
        footer = {"", "Example: eventfdd stat orders"})
final class StatCommand extends DaemonCommand {
    @Parameters(paramLabel = "NAME", description = "the eventfd")
    private String name = "";

    @Mixin private final Format format = new Format();

    @Override
    ExitStatus run(EventfddClient client) {
        var state = client.state(name);
        var output = new Output(out(), isForPeople());
        try (var daemon = daemon()) {
            var leases = daemon.leases(Optional.of(new EventfdName(name)));
            var holders = HolderFields.holding(name, leases);
            var waiters = daemon.waiters(new EventfdName(name));
            if (format.isJson()) {
                var json = StateDocument.json(state);
                var array = json.putArray("holders");
                holders.forEach(lease -> array.add(HolderFields.json(name, lease)));
                var waiting = json.putArray("waiting");
                waiters.forEach(waiter -> waiting.add(WaiterFields.json(waiter)));
                output.json(json);
            } else {
                output.one(StateFields.HEAD, StateFields.row(state));
                var rows = new ArrayList<List<String>>();
                holders.forEach(lease -> rows.add(HolderFields.row(name, lease)));
                waiters.forEach(waiter -> rows.add(WaiterFields.row(waiter)));
                output.more(HolderFields.HEAD, rows);
            }
        }
        return ExitStatus.DONE;
    }
}
