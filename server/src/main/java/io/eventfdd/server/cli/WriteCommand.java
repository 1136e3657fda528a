package io.eventfdd.server.cli;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfddClient;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

import java.time.Duration;

@Command(
        name = "write",
        description = "Adds to the count.",
        footer = {"", "Example: eventfdd write orders 3"})
final class WriteCommand extends DaemonCommand {
    @Parameters(index = "0", paramLabel = "NAME", description = "the eventfd")
    private String name = "";

    @Parameters(
            index = "1",
            paramLabel = "VALUE",
            arity = "0..1",
            defaultValue = "1",
            description = "1 to 18446744073709551614 (1)")
    private String value = "";

    @Mixin private final TimeLimit limit = new TimeLimit();

    @Override
    ExitStatus run(EventfddClient client) throws InterruptedException {
        long more = Count.parseValue(value);
        try (var eventfd = client.open(name)) {
            if (eventfd.write(more, limit.or(Duration.ZERO))) {
                return ExitStatus.DONE;
            }
        }
        complain("the count of " + name + " has no room for " + value);
        return ExitStatus.NO_ROOM;
    }
}
