package io.eventfdd.server.cli;

import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.client.EventfddException;
import io.eventfdd.client.ProblemException;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** The command {@code eventfdd}, which does nothing but have commands. */
@Command(
        name = "eventfdd",
        description = "Named eventfds for the processes of one host.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        exitCodeListHeading = "%nExit status:%n",
        footer = {"", "Example: eventfdd create orders && eventfdd write orders 3"})
public final class Commands {
    /** What makes each of them, by its name and in the order of the help. */
    private static final Map<String, Supplier<Object>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("ping", PingCommand::new);
        COMMANDS.put("create", CreateCommand::new);
        COMMANDS.put("ls", LsCommand::new);
        COMMANDS.put("stat", StatCommand::new);
        COMMANDS.put("write", WriteCommand::new);
        COMMANDS.put("read", ReadCommand::new);
        COMMANDS.put("wait", WaitCommand::new);
        COMMANDS.put("watch", WatchCommand::new);
        COMMANDS.put("rm", RmCommand::new);
        COMMANDS.put("top", TopCommand::new);
        COMMANDS.put("exec", ExecCommand::new);
        COMMANDS.put("bench", BenchCommand::new);
        COMMANDS.put("completion", CompletionCommand::new);
    }

    private Commands() {}

    /**
     * A command line for {@code first}, or of all commands where that is not the name of one. To
     * make them all takes longer than most of them run. But a completion is of all of them.
     *
     * @param more those that are not here: what makes each, by its name
     */
    public static CommandLine commandLine(
            Map<String, ? extends Supplier<?>> more, @Nullable String first) {
        var commands = new LinkedHashMap<String, Supplier<?>>(COMMANDS);
        commands.putAll(more);
        if (first != null && commands.containsKey(first) && !first.equals("completion")) {
            commands.keySet().retainAll(Set.of(first));
        }
        var line = new CommandLine(new Commands());
        commands.forEach((name, command) -> line.addSubcommand(name, command.get()));
        line.getCommandSpec().usageMessage().exitCodeList(ExitStatus.table());
        // A name may not begin with @, but a program's argument may.
        line.setExpandAtFiles(false);
        line.setExecutionExceptionHandler(
                (failure, command, parsed) -> failed(failure, command.getErr()));
        line.setParameterExceptionHandler(Commands::usedWrongly);
        return line;
    }

    private static int usedWrongly(ParameterException failure, String[] arguments) {
        var command = failure.getCommandLine();
        command.getErr().println("eventfdd: " + failure.getMessage());
        command.getErr().println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        return ExitStatus.WRONG_USE.code();
    }

    /** Says why a command could not be done; the exit status. */
    public static int failed(Exception failure, PrintWriter errors) {
        errors.println("eventfdd: " + failure.getMessage());
        return switch (failure) {
            case DaemonUnavailableException _, ConnectionLostException _ ->
                    ExitStatus.UNAVAILABLE.code();
            case EventfddException problem ->
                    problem.problem()
                            .map(known -> known.type().exitCode())
                            .orElse(ExitStatus.COULD_NOT.code());
            case ProblemException problem -> problem.problem().type().exitCode();
            default -> ExitStatus.COULD_NOT.code();
        };
    }
}
