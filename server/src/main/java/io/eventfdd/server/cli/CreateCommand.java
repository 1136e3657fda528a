package io.eventfdd.server.cli;

import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "create",
        description = {
            "Creates an eventfd, or finds the one that exists.",
            "An eventfd that exists keeps its count, whatever --initial says. If it was created"
                    + " with another --semaphore, --blocking or --mode, the command fails with"
                    + " status 6."
        },
        footer = {"", "Example: eventfdd create --semaphore --initial 3 licences"})
final class CreateCommand extends DaemonCommand {
    @Parameters(paramLabel = "NAME", description = "the name: letters, digits, and . _ -")
    private String name = "";

    @Option(
            names = "--initial",
            paramLabel = "N",
            defaultValue = "0",
            description = "the first count, 0 to 4294967295 (default: 0)")
    private long initial;

    @Option(names = "--semaphore", description = "a read takes 1, not the whole count")
    private boolean semaphore;

    @Option(
            names = "--blocking",
            description = "without EFD_NONBLOCK: raw reads block while the count is 0")
    private boolean blocking;

    @Option(
            names = "--mode",
            paramLabel = "OCTAL",
            defaultValue = "0660",
            description = "permission bits, as of a file (default: 0660)")
    private String mode = "";

    @Option(names = "--exclusive", description = "fail if it exists")
    private boolean exclusive;

    @Override
    ExitStatus run(EventfddClient client) {
        var kind =
                semaphore
                        ? EventfdSpec.semaphoreOf(initial)
                        : EventfdSpec.counter().withInitial(initial);
        var wanted = kind.withNonblocking(!blocking).withMode(mode);
        try (var made = exclusive ? client.create(name, wanted) : client.open(name, wanted)) {
            print(made.name());
            return ExitStatus.DONE;
        }
    }
}
