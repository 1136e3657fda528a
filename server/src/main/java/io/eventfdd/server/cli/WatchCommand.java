package io.eventfdd.server.cli;

import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.Count;
import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.ShuttingDownException;
import io.eventfdd.internal.Outage;
import io.eventfdd.internal.linux.OutputReader;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "watch",
        description = {
            "Prints the count now and each time that it is written.",
            "It takes nothing. Writes that are close together may be printed as one. If the daemon"
                    + " is restarted, watch prints the count again and goes on. It ends when the"
                    + " eventfd is deleted, or when nobody reads what it prints."
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
        interruptAtReadersEnd(Thread.currentThread());
        try {
            return watch(client);
        } catch (InterruptedException e) {
            return ExitStatus.DONE;
        } catch (StandardOutput.Unwritable e) {
            if (e.isUnread()) {
                return ExitStatus.DONE;
            }
            throw e;
        }
    }

    /** Without it, the watch would go on until the next count, which may be never. */
    private static void interruptAtReadersEnd(Thread watching) {
        Thread.ofPlatform()
                .daemon()
                .name("output-reader")
                .start(() -> {
                    OutputReader.awaitEnd();
                    watching.interrupt();
                });
    }

    private ExitStatus watch(EventfddClient client) throws InterruptedException {
        long left = most;
        var outage = new Outage(Outage.DEFAULT, true);
        while (left > 0) {
            try (var watch = client.watch(name)) {
                for (; left > 0; left--) {
                    var count = watch.next(limit.or(TimeLimit.NONE));
                    if (count.isEmpty()) {
                        return ExitStatus.TIME_UP;
                    }
                    print(text(count.getAsLong()));
                    outage = new Outage(Outage.DEFAULT, true);
                }
            } catch (ConnectionLostException
                    | DaemonUnavailableException
                    | ShuttingDownException e) {
                if (!outage.pause()) {
                    throw e;
                }
            }
        }
        return ExitStatus.DONE;
    }

    private String text(long count) {
        return format.isJson()
                ? Output.text(StateFields.json(name, "count", count))
                : Count.toString(count);
    }
}
