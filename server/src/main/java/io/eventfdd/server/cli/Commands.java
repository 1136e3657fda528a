package io.eventfdd.server.cli;

import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.client.EventfddException;
import io.eventfdd.protocol.ProblemException;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** The command {@code eventfdd}, which does nothing but have commands. */
@Command(
        name = "eventfdd",
        description = "Named eventfds for the processes of one host.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        exitCodeListHeading = "%nExit status:%n",
        subcommands = {
            PingCommand.class,
            CreateCommand.class,
            LsCommand.class,
            StatCommand.class,
            WriteCommand.class,
            ReadCommand.class,
            WaitCommand.class,
            WatchCommand.class,
            RmCommand.class,
            TopCommand.class,
            ExecCommand.class,
            BenchCommand.class,
            CompletionCommand.class
        },
        footer = {"", "Example: eventfdd create orders && eventfdd write orders 3"})
public final class Commands {
    private Commands() {}

    /**
     * The command line of all of them.
     *
     * @param serve the one that is not here
     */
    public static CommandLine commandLine(CommandSpec serve) {
        var line = new CommandLine(new Commands()).addSubcommand("serve", serve);
        line.getCommandSpec().usageMessage().exitCodeList(ExitStatus.table());
        // A name may not begin with @, but a program's argument may.
        line.setExpandAtFiles(false);
        line.setExecutionExceptionHandler((failure, command, parsed) -> failed(failure, command));
        line.setParameterExceptionHandler(Commands::usedWrongly);
        return line;
    }

    private static int usedWrongly(ParameterException failure, String[] arguments) {
        var command = failure.getCommandLine();
        command.getErr().println("eventfdd: " + failure.getMessage());
        command.getErr().println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        return ExitStatus.WRONG_USE.code();
    }

    private static int failed(Exception failure, CommandLine command) {
        command.getErr().println("eventfdd: " + failure.getMessage());
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
