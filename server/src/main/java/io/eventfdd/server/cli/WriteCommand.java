package io.eventfdd.server.cli;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.http.CallHandle;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.time.Duration;

@Command(
        name = "write",
        description = {
            "Adds to the count.",
            "If there is no room for the value, nothing is added."
        },
        footer = {"", "Example: eventfdd write orders 3"})
final class WriteCommand extends DaemonCommand {
    @Parameters(index = "0", paramLabel = "NAME", description = "the eventfd")
    private String name = "";

    @Parameters(
            index = "1",
            paramLabel = "VALUE",
            arity = "0..1",
            defaultValue = "1",
            description = "1 to 18446744073709551614 (default: 1)")
    private String value = "";

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "0s",
            converter = TimeLimit.Text.class,
            description = "how long to wait for room, such as 500ms or 30s (default: 0s)")
    private Duration timeout = Duration.ZERO;

    @Override
    ExitStatus run(EventfddClient client) throws InterruptedException {
        long more = Count.parseValue(value);
        var deadline = Deadline.in(timeout);
        // not by a handle, which only a user who may read can open
        try (var daemon = daemon()) {
            if (daemon.write(new EventfdName(name), more, deadline, new CallHandle())) {
                return ExitStatus.DONE;
            }
        }
        complain("the count of " + name + " has no room for " + value);
        return ExitStatus.NO_ROOM;
    }
}
