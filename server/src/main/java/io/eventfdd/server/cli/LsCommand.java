package io.eventfdd.server.cli;

import io.eventfdd.client.EventfddClient;

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
        new Output(out(), isForPeople())
                .list(format, "eventfds", client.list(prefix), StateFields.FIELDS);
        return ExitStatus.DONE;
    }
}
