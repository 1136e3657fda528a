package io.eventfdd.server.cli;

import io.eventfdd.client.EventfddClient;

import picocli.CommandLine.Command;

@Command(
        name = "ping",
        description = "Asks whether a daemon answers.",
        footer = {"", "Example: eventfdd ping && echo there"})
final class PingCommand extends DaemonCommand {
    @Override
    ExitStatus run(EventfddClient client) {
        var info = client.info();
        print("eventfdd " + info.version() + " at " + info.directory());
        return ExitStatus.DONE;
    }
}
