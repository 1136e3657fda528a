package io.eventfdd.server.cli;

import io.eventfdd.client.EventfddClient;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.util.List;

@Command(
        name = "rm",
        description = {
            "Deletes eventfds.",
            "A process that holds the raw descriptor keeps it, without the name."
        },
        footer = {"", "Example: eventfdd rm orders"})
final class RmCommand extends DaemonCommand {
    @Parameters(paramLabel = "NAME", arity = "1..*", description = "the eventfds")
    private List<String> names = List.of();

    @Override
    ExitStatus run(EventfddClient client) {
        names.forEach(client::delete);
        return ExitStatus.DONE;
    }
}
