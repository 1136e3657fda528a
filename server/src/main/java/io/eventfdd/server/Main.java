package io.eventfdd.server;

import io.eventfdd.server.cli.Commands;
import io.eventfdd.server.http.UnixListeners;

import picocli.CommandLine;
import picocli.CommandLine.IVersionProvider;

/** The command {@code eventfdd}; {@link io.eventfdd.server.cli.ExitStatus} is how it ends. */
public final class Main {
    private Main() {}

    /** Runs the command that {@code arguments} spell, and ends the process with its status. */
    public static void main(String[] arguments) {
        // Before anything else uses NIO: which listeners it makes is settled once for the process.
        UnixListeners.install();
        // A start that is a tenth of a second faster is worth more here than each call's
        // nanoseconds.
        System.setProperty("eventfdd.foreign", "false");
        Logging.toStandardError();
        System.exit(commandLine().execute(arguments));
    }

    /** All commands: those on eventfds, and {@code serve}. */
    static CommandLine commandLine() {
        var line = Commands.commandLine(Serve.command());
        line.addSubcommand("rehearse", Rehearsal.command(Main::commandLine));
        IVersionProvider version = () -> new String[] {"eventfdd " + Version.text()};
        line.getCommandSpec().versionProvider(version);
        line.getSubcommands()
                .values()
                .forEach(command -> command.getCommandSpec().versionProvider(version));
        return line;
    }
}
