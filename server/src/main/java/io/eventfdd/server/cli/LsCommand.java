package io.eventfdd.server.cli;

import io.eventfdd.client.EventfddClient;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.StateDocument;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "ls",
        description = "Lists the eventfds that you may read.",
        footer = {"", "Example: eventfdd ls -o json orders."})
final class LsCommand extends DaemonCommand {
    @Parameters(
            paramLabel = "PREFIX",
            arity = "0..1",
            defaultValue = "",
            description = "only those whose names begin with it")
    private String prefix = "";

    @Mixin private final Format format = new Format();

    @Override
    ExitStatus run(EventfddClient client) {
        var states = client.list(prefix);
        var output = new Output(out(), isForPeople());
        if (format.isJson()) {
            var all = Json.object();
            var array = all.putArray("eventfds");
            states.forEach(state -> array.add(StateDocument.json(state)));
            output.json(all);
        } else {
            output.table(StateFields.HEAD, states.stream().map(StateFields::row).toList());
        }
        return ExitStatus.DONE;
    }
}
