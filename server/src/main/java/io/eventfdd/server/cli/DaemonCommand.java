package io.eventfdd.server.cli;

import static java.util.Objects.requireNonNull;

import io.eventfdd.client.Count;
import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.EventfddException;
import io.eventfdd.client.Signal;
import io.eventfdd.client.Transport;
import io.eventfdd.internal.Outage;
import io.eventfdd.internal.http.HttpDaemon;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** A command that asks a daemon. */
@Command(mixinStandardHelpOptions = true)
abstract class DaemonCommand implements Callable<Integer> {
    /** How long values that go back may wait for room. */
    private static final Duration ROOM_TIMEOUT = Duration.ofSeconds(5);

    @Spec private @Nullable CommandSpec spec;
    @Mixin private final Connection connection = new Connection();

    private final Transport transport;

    /** Over HTTP, where waits are served in their order and a call needs no right but its own. */
    DaemonCommand() {
        this(Transport.HTTP);
    }

    DaemonCommand(Transport transport) {
        this.transport = transport;
    }

    @Override
    public final Integer call() throws Exception {
        try (var client = connect(transport)) {
            return run(client).code();
        }
    }

    final EventfddClient connect(Transport kind) {
        return prepared(connection.client(kind)).connect();
    }

    /** The directory of the daemon's sockets. */
    final Path directory() {
        return connection.directory();
    }

    /** How long the daemon may take to answer. */
    final Duration answerTimeout() {
        return connection.answerTimeout();
    }

    /** The calls of the daemon for which the library has no methods. */
    final HttpDaemon daemon() {
        return new HttpDaemon(directory().resolve("api.sock"), answerTimeout(), Outage.DEFAULT);
    }

    /** Sets more options of the client. A command that needs any overrides this. */
    EventfddClient.Builder prepared(EventfddClient.Builder client) {
        return client;
    }

    /** Carries the command out with a connected client. */
    abstract ExitStatus run(EventfddClient client) throws Exception;

    final CommandSpec spec() {
        return requireNonNull(spec, "picocli has set it");
    }

    final PrintWriter out() {
        return spec().commandLine().getOut();
    }

    /** Prints a line, and flushes it. */
    final void print(String line) {
        out().println(line);
        out().flush();
    }

    /**
     * Prints the values that were taken from {@code eventfds}. If they cannot be printed, they go
     * back, because nobody will know that they were taken.
     *
     * @param taken in the order of {@code eventfds}, or of some of them
     */
    final void printTaken(List<Signal> taken, List<Eventfd> eventfds, Runnable printing)
            throws InterruptedException {
        try {
            printing.run();
            out().flush();
        } catch (StandardOutput.Unwritable e) {
            List<String> fates = new ArrayList<>();
            for (var signal : taken) {
                fates.add(giveBack(signal, eventfds));
            }
            throw new StandardOutput.Unwritable(e, String.join("; ", fates));
        }
    }

    /** Says whether the values went back. */
    private static String giveBack(Signal taken, List<Eventfd> eventfds)
            throws InterruptedException {
        var value = Count.toString(taken.value());
        var name = taken.name().value();
        var eventfd = eventfds.stream().filter(one -> one.name().equals(name)).findFirst();
        try {
            return eventfd.orElseThrow().write(taken.value(), ROOM_TIMEOUT)
                    ? value + " was written back to " + name
                    : value + " is lost, because " + name + " has no room for it";
        } catch (EventfddException e) {
            return value + " of " + name + " is lost: " + e.getMessage();
        }
    }

    final void complain(String line) {
        spec().commandLine().getErr().println("eventfdd: " + line);
    }

    /** The command cannot be used like this. */
    final ParameterException usedWrongly(String why) {
        return new ParameterException(spec().commandLine(), why);
    }

    /** Whether a person reads the output. */
    static boolean isForPeople() {
        return StandardOutput.isTerminal();
    }
}
