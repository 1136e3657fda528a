package io.eventfdd.server.cli;

import io.eventfdd.client.Count;
import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Signal;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.util.ArrayList;
import java.util.List;

@Command(
        name = "wait",
        description = {
            "Waits until eventfds are readable, and prints their counts.",
            "What --consume has taken and cannot be printed is written back."
        },
        footer = {"", "Example: eventfdd wait --all --consume --timeout 1m left right"})
final class WaitCommand extends DaemonCommand {
    /** Whether one is enough. */
    static final class Mode {
        @Option(names = "--any", description = "any one suffices (default)")
        private boolean any;

        @Option(names = "--all", description = "all of them must be readable at one moment")
        private boolean all;

        boolean isAll() {
            return all && !any;
        }
    }

    @Parameters(paramLabel = "NAME", arity = "1..*", description = "the eventfds")
    private List<String> names = List.of();

    @ArgGroup(exclusive = true)
    private @Nullable Mode mode;

    @Option(names = "--consume", description = "take the counts (of a semaphore: 1)")
    private boolean consume;

    @Mixin private final TimeLimit limit = new TimeLimit();
    @Mixin private final Format format = new Format();

    @Override
    ExitStatus run(EventfddClient client) throws InterruptedException {
        var eventfds = new ArrayList<Eventfd>();
        for (var name : names) {
            eventfds.add(client.open(name));
        }
        var ready = await(client, eventfds);
        if (ready.isEmpty()) {
            return ExitStatus.TIME_UP;
        }
        if (consume) {
            printTaken(ready, eventfds, () -> print(ready));
        } else {
            print(ready);
        }
        return ExitStatus.DONE;
    }

    private void print(List<Signal> ready) {
        if (format.isJson()) {
            print(Output.text(StateFields.json(ready, consume ? "value" : "count")));
            return;
        }
        var rows =
                ready.stream()
                        .map(one -> List.of(one.name().value(), Count.toString(one.value())))
                        .toList();
        new Output(out(), isForPeople()).table(List.of("NAME", consume ? "VALUE" : "COUNT"), rows);
    }

    private List<Signal> await(EventfddClient client, List<Eventfd> eventfds)
            throws InterruptedException {
        var timeout = limit.or(TimeLimit.NONE);
        if (mode != null && mode.isAll()) {
            return consume ? client.readAll(eventfds, timeout) : client.awaitAll(eventfds, timeout);
        }
        return consume ? client.readAny(eventfds, timeout) : client.awaitAny(eventfds, timeout);
    }
}
