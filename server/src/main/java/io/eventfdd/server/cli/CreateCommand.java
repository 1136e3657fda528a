package io.eventfdd.server.cli;

import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "create",
        description = "Makes an eventfd, or finds the same one there.",
        footer = {"", "Example: eventfdd create --semaphore --initial 3 licences"})
final class CreateCommand extends DaemonCommand {
    @Parameters(paramLabel = "NAME", description = "its name: A-Z a-z 0-9 . _ -")
    private String name = "";

    @Option(
            names = "--initial",
            paramLabel = "N",
            defaultValue = "0",
            description = "the first count, 0 to 4294967295 (0)")
    private long initial;

    @Option(names = "--semaphore", description = "a read takes 1, not all")
    private boolean semaphore;

    @Option(names = "--blocking", description = "without EFD_NONBLOCK")
    private boolean blocking;

    @Option(
            names = "--mode",
            paramLabel = "OCTAL",
            defaultValue = "0660",
            description = "who may use it (0660)")
    private String mode = "";

    @Option(names = "--exclusive", description = "only where there is none")
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
