package io.eventfdd.server.cli;

import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.EventfddException;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.util.ArrayList;
import java.util.List;

@Command(
        name = "rm",
        description = {
            "Deletes eventfds.",
            "If one cannot be deleted, the others still are, and the command fails.",
            "A process that holds the raw descriptor keeps it, without the name."
        },
        footer = {"", "Example: eventfdd rm orders"})
final class RmCommand extends DaemonCommand {
    @Parameters(paramLabel = "NAME", arity = "1..*", description = "the eventfds")
    private List<String> names = List.of();

    @Override
    ExitStatus run(EventfddClient client) {
        var failures = new ArrayList<EventfddException>();
        for (var name : names) {
            try {
                client.delete(name);
            } catch (EventfddException e) {
                failures.add(e);
                if (e.problem().isEmpty()) {
                    break; // no daemon answers
                }
            }
        }
        if (failures.isEmpty()) {
            return ExitStatus.DONE;
        }
        var last = failures.removeLast();
        failures.forEach(failure -> complain(String.valueOf(failure.getMessage())));
        throw last;
    }
}
