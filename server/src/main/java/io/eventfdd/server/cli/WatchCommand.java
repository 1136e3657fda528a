package io.eventfdd.server.cli;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfddClient;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "watch",
        description = {
            "Prints the count now and each time that it is written.",
            "It takes nothing. Writes that are close together may be printed as one. It ends when"
                    + " the eventfd is deleted."
        },
        footer = {"", "Example: eventfdd watch orders | while read -r count; do make; done"})
final class WatchCommand extends DaemonCommand {
    @Parameters(paramLabel = "NAME", description = "the eventfd")
    private String name = "";

    @Option(names = "-n", paramLabel = "N", description = "end after N counts")
    private long most = Long.MAX_VALUE;

    @Mixin private final TimeLimit limit = new TimeLimit();
    @Mixin private final Format format = new Format();

    @Override
    ExitStatus run(EventfddClient client) throws InterruptedException {
        if (most < 1) {
            throw usedWrongly("-n: " + most + " is not 1 or more");
        }
        try (var watch = client.watch(name)) {
            for (long printed = 0; printed < most; printed++) {
                var count = watch.next(limit.or(TimeLimit.NONE));
                if (count.isEmpty()) {
                    return ExitStatus.TIME_UP;
                }
                if (!print(text(count.getAsLong()))) {
                    break;
                }
            }
            return ExitStatus.DONE;
        }
    }

    private String text(long count) {
        return format.isJson()
                ? Output.text(StateFields.json(name, "count", count))
                : Count.toString(count);
    }
}
