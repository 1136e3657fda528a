package io.eventfdd.server.cli;

import static java.util.Objects.requireNonNull;

import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.EventfddException;
import io.eventfdd.protocol.Count;
import io.eventfdd.protocol.EventfdSpec;
import io.eventfdd.protocol.ProblemException;
import io.eventfdd.protocol.ProblemType;
import io.eventfdd.protocol.Signal;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * The commands on eventfds. Each ends with 0, or with the status of the problem that it met ({@link
 * io.eventfdd.protocol.ProblemType#exitCode}), 69 where no daemon answers, or 124 where its time
 * was up, as timeout(1) does.
 */
@Command(
        name = "eventfdd",
        description = "Named eventfds for the processes of one host.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            " 0:done",
            " 1:could not",
            " 2:used wrongly",
            " 3:no such eventfd",
            " 4:forbidden",
            " 5:no room for the value",
            " 6:there is one already",
            " 7:deleted meanwhile",
            " 8:a limit is reached",
            " 69:no daemon answers",
            " 70:the daemon has a bug",
            " 124:the time was up"
        })
public final class Commands {
    private static final int UNAVAILABLE = 69;
    private static final int COULD_NOT = 1;
    private static final int TIME_UP = 124;

    @Spec private @Nullable CommandSpec spec;

    /** The command line of all of them. */
    public static CommandLine commandLine() {
        var line = new CommandLine(new Commands());
        line.setExecutionExceptionHandler((failure, command, parsed) -> status(failure, command));
        line.setParameterExceptionHandler(Commands::usage);
        return line;
    }

    private static int usage(CommandLine.ParameterException failure, String[] arguments) {
        var command = failure.getCommandLine();
        command.getErr().println("eventfdd: " + failure.getMessage());
        command.getErr().println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        return CommandLine.ExitCode.USAGE;
    }

    private static int status(Exception failure, CommandLine command) {
        command.getErr().println("eventfdd: " + failure.getMessage());
        return switch (failure) {
            case DaemonUnavailableException _, ConnectionLostException _ -> UNAVAILABLE;
            case EventfddException problem ->
                    problem.problem().map(known -> known.type().exitCode()).orElse(COULD_NOT);
            case ProblemException problem -> problem.problem().type().exitCode();
            default -> COULD_NOT;
        };
    }

    private CommandLine command() {
        return requireNonNull(spec, "picocli has set it").commandLine();
    }

    @SuppressWarnings("SystemConsoleNull") // it is null in a runtime image without jdk.internal.le
    private Output output() {
        var console = System.console();
        return new Output(command().getOut(), console != null && console.isTerminal());
    }

    private void print(String line) {
        command().getOut().println(line);
        command().getOut().flush();
    }

    private int printed(OptionalLong value) {
        if (value.isEmpty()) {
            return TIME_UP;
        }
        print(Count.toString(value.getAsLong()));
        return CommandLine.ExitCode.OK;
    }

    /** How a command prints. */
    enum Format {
        /** For people and pipes. */
        text,
        /** For programs. */
        json
    }

    /** {@code eventfdd ping}. */
    @Command(
            name = "ping",
            description = "Asks whether a daemon answers.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example: eventfdd ping && echo there"})
    int ping(@Mixin Connection connection) {
        try (var client = connection.connect()) {
            var info = client.info();
            print("eventfdd " + info.version() + " at " + info.directory());
            return CommandLine.ExitCode.OK;
        }
    }

    /** {@code eventfdd create}. */
    @Command(
            name = "create",
            description = "Makes an eventfd, or finds the same one there.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example: eventfdd create --semaphore --initial 3 licences"})
    int create(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NAME") String name,
            @Option(
                            names = "--initial",
                            paramLabel = "N",
                            defaultValue = "0",
                            description = "the first count (0)")
                    long initial,
            @Option(names = "--semaphore", description = "a read takes 1, not all")
                    boolean semaphore,
            @Option(names = "--blocking", description = "without EFD_NONBLOCK") boolean blocking,
            @Option(
                            names = "--mode",
                            paramLabel = "OCTAL",
                            defaultValue = "0660",
                            description = "who may use it (0660)")
                    String mode,
            @Option(names = "--exclusive", description = "only where there is none")
                    boolean exclusive) {
        var kind =
                semaphore
                        ? EventfdSpec.semaphoreOf(initial)
                        : EventfdSpec.counter().withInitial(initial);
        var wanted = kind.withNonblocking(!blocking).withMode(mode);
        try (var client = connection.connect();
                var made = exclusive ? client.create(name, wanted) : client.open(name, wanted)) {
            print(made.name());
            return CommandLine.ExitCode.OK;
        }
    }

    /** {@code eventfdd ls}. */
    @Command(
            name = "ls",
            description = "Lists the eventfds that you may read.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example: eventfdd ls -o json orders."})
    int list(
            @Mixin Connection connection,
            @Parameters(
                            paramLabel = "PREFIX",
                            arity = "0..1",
                            defaultValue = "",
                            description = "what their names begin with")
                    String prefix,
            @Option(
                            names = "-o",
                            paramLabel = "FORMAT",
                            defaultValue = "text",
                            description = "${COMPLETION-CANDIDATES}")
                    Format format) {
        try (var client = connection.connect()) {
            var states = client.list(prefix);
            if (format == Format.json) {
                output().json(states);
            } else {
                output().table(states);
            }
            return CommandLine.ExitCode.OK;
        }
    }

    /** {@code eventfdd stat}. */
    @Command(
            name = "stat",
            description = "Tells the state of an eventfd; takes nothing.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example: eventfdd stat orders"})
    int stat(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NAME") String name,
            @Option(
                            names = "-o",
                            paramLabel = "FORMAT",
                            defaultValue = "text",
                            description = "${COMPLETION-CANDIDATES}")
                    Format format) {
        try (var client = connection.connect()) {
            var state = client.state(name);
            if (format == Format.json) {
                output().oneAsJson(state);
            } else {
                output().one(state);
            }
            return CommandLine.ExitCode.OK;
        }
    }

    /** {@code eventfdd write}. */
    @Command(
            name = "write",
            description = "Adds to the count.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example: eventfdd write orders 3"})
    int write(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NAME") String name,
            @Parameters(
                            paramLabel = "VALUE",
                            arity = "0..1",
                            defaultValue = "1",
                            description = "1 to 2^64-2 (1)")
                    String value,
            @Option(
                            names = "--timeout",
                            paramLabel = "TIME",
                            defaultValue = "0s",
                            converter = Waiting.class,
                            description =
                                    "how long to wait for room, as in 500ms, 30s, 5m, 2h (0s)")
                    Duration timeout)
            throws InterruptedException {
        long more = Count.parseValue(value);
        try (var client = connection.connect();
                var eventfd = client.open(name)) {
            if (eventfd.write(more, timeout)) {
                return CommandLine.ExitCode.OK;
            }
            command()
                    .getErr()
                    .println("eventfdd: the count of " + name + " has no room for " + value);
            return ProblemType.WOULD_BLOCK.exitCode();
        }
    }

    /** {@code eventfdd read}. */
    @Command(
            name = "read",
            description = "Takes the count, or 1 of a semaphore's, and prints what it took.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example: eventfdd read --timeout 0s orders || echo nothing there"})
    int read(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NAME") String name,
            @Option(
                            names = "--timeout",
                            paramLabel = "TIME",
                            defaultValue = Waiting.FOR_EVER,
                            converter = Waiting.class,
                            description = "how long to wait for a count (for ever)")
                    Duration timeout)
            throws InterruptedException {
        try (var client = connection.connect();
                var eventfd = client.open(name)) {
            return printed(eventfd.read(timeout));
        }
    }

    /** Whether one is enough. */
    static final class Mode {
        @Option(names = "--any", description = "one of them is enough")
        private boolean any;

        @Option(names = "--all", description = "all of them at one moment")
        private boolean all;

        boolean isAll() {
            return all && !any;
        }
    }

    /** {@code eventfdd wait}. */
    @Command(
            name = "wait",
            description = "Waits until eventfds are readable, and prints each that is.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example: eventfdd wait --all --consume --timeout 1m left right"})
    int wait(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NAME", arity = "1..*") List<String> names,
            @ArgGroup(exclusive = true) @Nullable Mode mode,
            @Option(names = "--consume", description = "take their counts") boolean consume,
            @Option(
                            names = "--timeout",
                            paramLabel = "TIME",
                            defaultValue = Waiting.FOR_EVER,
                            converter = Waiting.class,
                            description = "how long to wait (for ever)")
                    Duration timeout)
            throws InterruptedException {
        try (var client = connection.connect()) {
            var eventfds = new ArrayList<Eventfd>();
            for (var name : names) {
                eventfds.add(client.open(name));
            }
            var ready = await(client, eventfds, mode != null && mode.isAll(), consume, timeout);
            ready.forEach(signal -> print(signal.name() + "\t" + Count.toString(signal.value())));
            return ready.isEmpty() ? TIME_UP : CommandLine.ExitCode.OK;
        }
    }

    private static List<Signal> await(
            EventfddClient client,
            List<Eventfd> eventfds,
            boolean all,
            boolean consume,
            Duration timeout)
            throws InterruptedException {
        if (all) {
            return consume ? client.readAll(eventfds, timeout) : client.awaitAll(eventfds, timeout);
        }
        return consume ? client.readAny(eventfds, timeout) : client.awaitAny(eventfds, timeout);
    }

    /** {@code eventfdd rm}. */
    @Command(
            name = "rm",
            description = "Deletes eventfds; who holds the raw descriptor keeps it.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example: eventfdd rm orders"})
    int remove(
            @Mixin Connection connection,
            @Parameters(paramLabel = "NAME", arity = "1..*") List<String> names) {
        try (var client = connection.connect()) {
            names.forEach(client::delete);
            return CommandLine.ExitCode.OK;
        }
    }
}
