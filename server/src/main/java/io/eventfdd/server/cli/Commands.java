package io.eventfdd.server.cli;

import static picocli.CommandLine.Model.UsageMessageSpec.SECTION_KEY_COMMAND_LIST;

import static java.util.Objects.requireNonNull;

import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.client.EventfddException;
import io.eventfdd.internal.wire.Digits;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.Shown;
import io.eventfdd.server.config.InvalidSetting;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/** The command {@code eventfdd} and its subcommands. Without one it prints its help. */
@Command(
        name = "eventfdd",
        description = "Named eventfds for the processes of one host.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "",
        exitCodeListHeading = "%nExit status:%n",
        footer = {
            "",
            "eventfdd COMMAND --help describes a command.",
            "",
            "Example: eventfdd create orders && eventfdd write orders 3"
        })
public final class Commands implements Callable<Integer> {
    /** The headings of the help, and which commands it lists below each. */
    static final Map<String, List<String>> GROUPS = new LinkedHashMap<>();

    static {
        GROUPS.put(
                "Use eventfds:", List.of("create", "write", "read", "wait", "rm", "run", "exec"));
        GROUPS.put("Look at them:", List.of("ls", "stat", "leases", "watch", "top"));
        GROUPS.put("Run the daemon:", List.of("serve", "bridge", "ping", "bench", "completion"));
    }

    /**
     * The greatest distance between a word and a command for which the word counts as a typing
     * error.
     */
    private static final int MOST_SLIPS = 2;

    /** The factory of each command, by its name and in the order of the help. */
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
        COMMANDS.put("run", RunCommand::new);
        COMMANDS.put("leases", LeasesCommand::new);
        COMMANDS.put("exec", ExecCommand::new);
        COMMANDS.put("bench", BenchCommand::new);
        COMMANDS.put("completion", CompletionCommand::new);
    }

    @Spec private @Nullable CommandSpec spec;

    private Commands() {}

    /** Called without a command: prints the help as an error. */
    @Override
    public Integer call() {
        var line = requireNonNull(spec, "picocli has set it").commandLine();
        line.usage(line.getErr());
        return ExitStatus.WRONG_USE.code();
    }

    /**
     * A command line for {@code first}, or of all commands if that is not the name of one. To make
     * them all takes longer than most of them run. But a completion is of all of them.
     *
     * @param more commands that are not listed here: what creates each, by its name, in the order
     *     of a completion
     */
    public static CommandLine commandLine(
            SequencedMap<String, ? extends Supplier<?>> more, @Nullable String first) {
        var commands = new LinkedHashMap<String, Supplier<?>>(COMMANDS);
        commands.putAll(more);
        if (first != null && commands.containsKey(first) && !first.equals("completion")) {
            commands.keySet().retainAll(Set.of(first));
        }
        var line = new CommandLine(new Commands());
        commands.forEach((name, command) -> line.addSubcommand(name, command.get()));
        line.setOut(StandardOutput.writer());
        line.getCommandSpec().usageMessage().exitCodeList(ExitStatus.table());
        line.getHelpSectionMap()
                .put(SECTION_KEY_COMMAND_LIST, help -> list(help.commandSpec().subcommands()));
        line.registerConverter(long.class, Commands::number);
        line.registerConverter(Path.class, Commands::path);
        // A name may not begin with @, but a program's argument may.
        line.setExpandAtFiles(false);
        line.setExecutionStrategy(Commands::execute);
        line.setExecutionExceptionHandler(
                (failure, command, parsed) -> failed(failure, command.getErr()));
        line.setParameterExceptionHandler(Commands::usedWrongly);
        return line;
    }

    /** Parses digits, as everything else that takes numbers does. */
    private static long number(String text) {
        try {
            return Digits.parse(text).longValueExact();
        } catch (NumberFormatException e) {
            throw new TypeConversionException(e.getMessage());
        } catch (ArithmeticException e) {
            throw new TypeConversionException(text + " is too large");
        }
    }

    /** Parses a path. Java takes an empty one for the current directory, which nobody means. */
    private static Path path(String text) {
        try {
            if (!text.isEmpty()) {
                return Path.of(text);
            }
        } catch (InvalidPathException e) {
            // such as a character that the locale does not have
        }
        throw new TypeConversionException(Shown.quoted(text) + " is not a path");
    }

    /** Runs the parsed command line, and flushes its output. */
    private static int execute(ParseResult parsed) {
        var line = parsed.commandSpec().commandLine();
        try {
            int status = new RunLast().execute(parsed);
            line.getOut().flush();
            return status;
        } catch (StandardOutput.Unwritable e) {
            throw new ExecutionException(line, "standard output", e);
        }
    }

    /** The commands with the first sentence about each, in groups. */
    private static String list(Map<String, CommandLine> commands) {
        var list = new StringBuilder();
        GROUPS.forEach((heading, names) -> {
            list.append("%n%s%n".formatted(heading));
            for (var name : names) {
                var command = commands.get(name);
                if (command != null) {
                    var about = command.getCommandSpec().usageMessage().description();
                    list.append("  %-11s %s%n".formatted(name, Completion.about(about)));
                }
            }
        });
        return list.toString();
    }

    private static int usedWrongly(ParameterException failure, String[] arguments) {
        var command = failure.getCommandLine();
        // What is missing may be missing only because a word before it was mistyped.
        var unmatched = command.getUnmatchedArguments();
        var what =
                unmatched.isEmpty()
                        ? failure.getMessage()
                        : unmatched(command, unmatched.getFirst());
        command.getErr().println("eventfdd: " + what);
        command.getErr().println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        return ExitStatus.WRONG_USE.code();
    }

    /** The error about a word that means nothing to {@code command}. */
    private static String unmatched(CommandLine command, String word) {
        if (word.startsWith("-")) {
            return "Unknown option: " + Shown.quoted(word);
        }
        return command.getParent() == null
                ? unknown(command, word)
                : "Unexpected argument: " + Shown.quoted(word);
    }

    /** The error about a word in the place of a command. */
    private static String unknown(CommandLine root, String word) {
        if (root.getSubcommands().containsKey(word)) {
            return "a -- stands before the command \"" + word + "\"";
        }
        var sentence = "no command \"" + Shown.of(word) + "\"";
        return root.getSubcommands().keySet().stream()
                .filter(name -> GROUPS.values().stream().anyMatch(names -> names.contains(name)))
                .filter(name -> slips(word, name) <= Math.min(MOST_SLIPS, name.length() - 1))
                .min(Comparator.comparingInt(name -> slips(word, name)))
                .map(name -> sentence + "; did you mean " + name + "?")
                .orElse(sentence);
    }

    /**
     * How many letters have to be put in, left out, replaced, or swapped with their neighbour to
     * make one word of the other: the optimal string alignment distance.
     */
    static int slips(String one, String other) {
        var slips = new int[one.length() + 1][other.length() + 1];
        for (int i = 0; i <= one.length(); i++) {
            for (int j = 0; j <= other.length(); j++) {
                if (i == 0 || j == 0) {
                    slips[i][j] = i + j;
                    continue;
                }
                boolean same = one.charAt(i - 1) == other.charAt(j - 1);
                int replaced = slips[i - 1][j - 1] + (same ? 0 : 1);
                slips[i][j] = Math.min(replaced, Math.min(slips[i - 1][j], slips[i][j - 1]) + 1);
                if (i > 1
                        && j > 1
                        && one.charAt(i - 1) == other.charAt(j - 2)
                        && one.charAt(i - 2) == other.charAt(j - 1)) {
                    slips[i][j] = Math.min(slips[i][j], slips[i - 2][j - 2] + 1);
                }
            }
        }
        return slips[one.length()][other.length()];
    }

    /** Prints why a command failed, and returns the exit status. */
    public static int failed(Exception failure, PrintWriter errors) {
        errors.println("eventfdd: " + failure.getMessage());
        return switch (failure) {
            case DaemonUnavailableException denied
                    when denied.getCause() instanceof AccessDeniedException ->
                    ExitStatus.FORBIDDEN.code();
            case DaemonUnavailableException _, ConnectionLostException _ ->
                    ExitStatus.UNAVAILABLE.code();
            case EventfddException problem ->
                    problem.problem()
                            .map(known -> known.type().exitCode())
                            .orElse(ExitStatus.COULD_NOT.code());
            case ProblemException problem -> problem.problem().type().exitCode();
            case InvalidSetting _ -> ExitStatus.WRONG_USE.code();
            default -> ExitStatus.COULD_NOT.code();
        };
    }
}
