package io.eventfdd.server.cli;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.internal.wire.StateDocument;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

import java.util.Optional;

@Command(
        name = "stat",
        description = {
            "Shows one eventfd, who holds permits of it, and who waits for it.",
            "LEASED is how many permits leases have taken; a line for each lease follows, with the"
                    + " process that holds it, how many permits, and since when."
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
            if (format.isJson()) {
                var json = StateDocument.json(state);
                var array = json.putArray("holders");
                holders.forEach(lease -> array.add(HolderFields.json(name, lease)));
                output.json(json);
            } else {
                output.one(StateFields.HEAD, StateFields.row(state));
                var rows = holders.stream().map(lease -> HolderFields.row(name, lease)).toList();
                output.more(HolderFields.HEAD, rows);
            }
        }
        return ExitStatus.DONE;
    }
}
