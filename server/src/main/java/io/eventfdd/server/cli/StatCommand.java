package io.eventfdd.server.cli;

import io.eventfdd.client.EventfddClient;
import io.eventfdd.internal.wire.StateDocument;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "stat",
        description = "Shows one eventfd: its count, mode, owner and waiting calls.",
        footer = {"", "Example: eventfdd stat orders"})
final class StatCommand extends DaemonCommand {
    @Parameters(paramLabel = "NAME", description = "the eventfd")
    private String name = "";

    @Mixin private final Format format = new Format();

    @Override
    ExitStatus run(EventfddClient client) {
        var state = client.state(name);
        var output = new Output(out(), isForPeople());
        if (format.isJson()) {
            output.json(StateDocument.json(state));
        } else {
            output.one(StateFields.HEAD, StateFields.row(state));
        }
        return ExitStatus.DONE;
    }
}
