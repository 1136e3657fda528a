package io.eventfdd.server;

import io.eventfdd.server.cli.Commands;
import io.eventfdd.server.config.InvalidSetting;
import io.eventfdd.server.http.transport.UnixListeners;

import picocli.CommandLine;
import picocli.CommandLine.IVersionProvider;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Supplier;

/** The command {@code eventfdd}; {@link io.eventfdd.server.cli.ExitStatus} is how it ends. */
public final class Main {
    /** The factory of each command that belongs to the daemon, in the order of the completion. */
    private static final SequencedMap<String, Supplier<Object>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("serve", Serve::command);
        COMMANDS.put("bridge", BridgeCommand::command);
        COMMANDS.put("rehearse", Rehearsal::command);
    }

    private Main() {}

    /** Runs the command in {@code arguments}, and ends the process with its status. */
    public static void main(String[] arguments) {
        // Before anything else uses NIO: which listeners it makes is settled once for the process.
        UnixListeners.install();
        // A start that is a tenth of a second faster is worth more here than each call's
        // nanoseconds.
        System.setProperty("eventfdd.foreign", "false");
        Logging.toStandardError();
        System.exit(execute(arguments));
    }

    /** Runs the command and returns its exit status. */
    static int execute(String... arguments) {
        var words = List.of(arguments);
        var options =
                !words.isEmpty() && words.getFirst().equals("serve")
                        ? ServeOptions.plain(words.subList(1, words.size()))
                        : Optional.<ServeOptions>empty();
        if (options.isEmpty()) {
            return commandLine(arguments).execute(arguments);
        }
        try {
            return Serve.serve(options.get());
        } catch (InvalidSetting | IOException | RuntimeException e) {
            var message = new StringWriter();
            int status = Commands.failed(e, new PrintWriter(message));
            Logging.say(message.toString());
            return status;
        }
    }

    /** The command that {@code arguments} begin with, or all commands. */
    static CommandLine commandLine(String... arguments) {
        var line = Commands.commandLine(COMMANDS, arguments.length == 0 ? null : arguments[0]);
        IVersionProvider version = () -> new String[] {"eventfdd " + Version.text()};
        line.getCommandSpec().versionProvider(version);
        line.getSubcommands()
                .values()
                .forEach(command -> command.getCommandSpec().versionProvider(version));
        return line;
    }
}
