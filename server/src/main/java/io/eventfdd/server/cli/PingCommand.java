package io.eventfdd.server.cli;

import io.eventfdd.client.EventfddClient;

import picocli.CommandLine.Command;

@Command(
        name = "ping",
        description = {
            "Checks that a daemon answers.",
            "It prints the daemon's version and runtime directory."
        },
        footer = {"", "Example: eventfdd ping && echo there"})
final class PingCommand extends DaemonCommand {
    @Override
    ExitStatus run(EventfddClient client) {
        var info = client.info();
        print("eventfdd " + info.version() + " at " + info.directory());
        return ExitStatus.DONE;
    }
}
