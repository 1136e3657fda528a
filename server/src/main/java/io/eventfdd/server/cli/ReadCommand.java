package io.eventfdd.server.cli;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Signal;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

import java.util.List;

@Command(
        name = "read",
        description = {
            "Takes the count and prints it; waits while it is 0.",
            "Of a semaphore it takes 1. What cannot be printed is written back."
        },
        footer = {"", "Example: eventfdd read --timeout 0s orders || echo nothing there"})
final class ReadCommand extends DaemonCommand {
    @Parameters(paramLabel = "NAME", description = "the eventfd")
    private String name = "";

    @Mixin private final TimeLimit limit = new TimeLimit();

    @Override
    ExitStatus run(EventfddClient client) throws InterruptedException {
        try (var eventfd = client.open(name)) {
            var value = eventfd.read(limit.or(TimeLimit.NONE));
            if (value.isEmpty()) {
                return ExitStatus.TIME_UP;
            }
            long taken = value.getAsLong();
            printTaken(
                    List.of(new Signal(new EventfdName(name), taken)),
                    List.of(eventfd),
                    () -> print(Count.toString(taken)));
            return ExitStatus.DONE;
        }
    }
}
