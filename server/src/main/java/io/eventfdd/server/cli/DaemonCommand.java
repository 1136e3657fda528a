package io.eventfdd.server.cli;

import static java.util.Objects.requireNonNull;

import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.util.concurrent.Callable;

/** A command that is done by a daemon. */
@Command(mixinStandardHelpOptions = true)
abstract class DaemonCommand implements Callable<Integer> {
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

    /** A client that is to be otherwise than usual. */
    EventfddClient.Builder prepared(EventfddClient.Builder client) {
        return client;
    }

    /** Does it, with a client that is connected. */
    abstract ExitStatus run(EventfddClient client) throws Exception;

    final CommandSpec spec() {
        return requireNonNull(spec, "picocli has set it");
    }

    final PrintWriter out() {
        return spec().commandLine().getOut();
    }

    /** A line, at once; false where nobody reads any more. */
    final boolean print(String line) {
        out().println(line);
        // The writer's stream keeps its failure for itself.
        return !out().checkError() && !System.out.checkError();
    }

    final void complain(String line) {
        spec().commandLine().getErr().println("eventfdd: " + line);
    }

    /** The command cannot be used like this. */
    final ParameterException usedWrongly(String why) {
        return new ParameterException(spec().commandLine(), why);
    }

    /** Whether people read what is printed. */
    @SuppressWarnings("SystemConsoleNull") // it is null in a runtime image without jdk.internal.le
    static boolean isForPeople() {
        var console = System.console();
        return console != null && console.isTerminal();
    }
}
