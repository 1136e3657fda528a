package io.eventfdd.server.cli;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfddClient;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

import java.util.Optional;

@Command(
        name = "leases",
        description = {
            "Lists the leases that you may see.",
            "Those are your own, and those on names that you may all read. HOLDER is what a lease"
                    + " ends with: a process, a connection, or a duration that has to be renewed."
                    + " PID and COMMAND are the process that took it, or - if it is not known. For"
                    + " a connection or a duration, it may have ended: then COMMAND is - as long as"
                    + " no other process has the PID."
        },
        footer = {"", "Example: eventfdd leases licences"})
final class LeasesCommand extends DaemonCommand {
    @Parameters(
            paramLabel = "NAME",
            arity = "0..1",
            description = "only those that take from this eventfd or give to it")
    private @Nullable String name;

    @Mixin private final Format format = new Format();

    @Override
    ExitStatus run(EventfddClient client) {
        try (var daemon = daemon()) {
            var leases = daemon.leases(Optional.ofNullable(name).map(EventfdName::new));
            new Output(out(), isForPeople()).list(format, "leases", leases, LeaseFields.FIELDS);
            return ExitStatus.DONE;
        }
    }
}
