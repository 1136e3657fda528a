package io.eventfdd.server;

import io.eventfdd.linux.InheritedFds;
import io.eventfdd.linux.OpenFiles;
import io.eventfdd.server.cli.Commands;
import io.eventfdd.server.config.InvalidSetting;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;
import io.eventfdd.server.http.UnixListeners;
import io.eventfdd.server.restart.Inheritance;
import io.eventfdd.server.restart.Systemd;
import io.eventfdd.server.restart.Takeover;
import io.eventfdd.server.runtime.RuntimeDirectory;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Optional;

/** The command {@code eventfdd}. Exit status: 0 done, 1 could not, 2 used wrongly. */
public final class Main {
    private static final int COULD_NOT = 1;
    private static final String TAKEOVER = "--takeover";

    /** How long a daemon that has handed over everything may take to end. */
    private static final Duration TIME_TO_LET_GO = Duration.ofSeconds(10);

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

    private static CommandLine commandLine() {
        var command = Commands.commandLine();
        command.getCommandSpec()
                .versionProvider(() -> new String[] {"eventfdd " + Version.text()})
                .addSubcommand("serve", serve())
                .addSubcommand("rehearse", Rehearsal.command(Main::commandLine));
        command.setExecutionStrategy(Main::execute);
        return command;
    }

    private static CommandSpec serve() {
        var spec = CommandSpec.create().mixinStandardHelpOptions(true);
        spec.usageMessage()
                .description("Serves until SIGTERM or SIGINT.")
                .footer(
                        "",
                        "Settings are read from options, the environment (EVENTFDD_MAX_WAIT=…) and"
                                + " the file, in that order.");
        spec.addOption(
                OptionSpec.builder("--runtime-dir")
                        .paramLabel("DIR")
                        .type(Path.class)
                        .description(
                                "where the sockets are; else EVENTFDD_RUNTIME_DIR,"
                                    + " RUNTIME_DIRECTORY, /run/eventfdd, XDG_RUNTIME_DIR/eventfdd,"
                                    + " /tmp/eventfdd-UID")
                        .build());
        spec.addOption(
                OptionSpec.builder("--config")
                        .paramLabel("FILE")
                        .type(Path.class)
                        .description(
                                "the settings' file; else EVENTFDD_CONFIG, "
                                        + Settings.STANDARD_FILE
                                        + " where it is there")
                        .build());
        spec.addOption(
                OptionSpec.builder(TAKEOVER)
                        .description(
                                "goes on with the eventfds and sockets of the daemon that serves"
                                        + " there, which ends")
                        .build());
        for (var setting : Setting.values()) {
            spec.addOption(
                    OptionSpec.builder("--" + setting.key())
                            .paramLabel("VALUE")
                            .type(String.class)
                            .description(
                                    setting.meaning()
                                            + " ("
                                            + setting.standard()
                                            + "; "
                                            + setting.range()
                                            + ")")
                            .build());
        }
        return spec;
    }

    private static int execute(ParseResult parsed) {
        if (parsed.isUsageHelpRequested()
                || !parsed.hasSubcommand()
                || !isServe(parsed.subcommand())) {
            return new CommandLine.RunLast().execute(parsed);
        }
        var help = CommandLine.executeHelpRequest(parsed);
        if (help != null) {
            return help;
        }
        try {
            return serve(parsed.subcommand());
        } catch (InvalidSetting | IOException e) {
            System.err.println("eventfdd: " + e.getMessage());
            return COULD_NOT;
        }
    }

    private static boolean isServe(ParseResult command) {
        return command.commandSpec().name().equals("serve");
    }

    private static int serve(ParseResult options) throws InvalidSetting, IOException {
        var settings = settings(options);
        Logging.configure(settings);
        int uid = OpenFiles.effectiveUser();
        var directory =
                Optional.ofNullable(options.<Path>matchedOptionValue("--runtime-dir", null))
                        .orElseGet(() -> RuntimeDirectory.locate(System.getenv(), uid));
        try (var systemd = Systemd.of(System.getenv())) {
            var inheritance = inheritance(options, directory);
            var inherited = new HashSet<String>();
            inheritance.api().ifPresent(fd -> inherited.add("api.sock"));
            inheritance.fd().ifPresent(fd -> inherited.add("fd.sock"));
            try (var held =
                    RuntimeDirectory.open(
                            directory,
                            settings.number(Setting.DIRECTORY_MODE),
                            uid,
                            inherited,
                            inheritance.ownsSockets() && !inherited.isEmpty()
                                    ? TIME_TO_LET_GO
                                    : Duration.ZERO)) {
                return new Daemon(settings, held, inheritance, systemd)
                        .serve(() -> settings(options));
            }
        }
    }

    /** What this process was given at its birth, or is given now by the daemon that is there. */
    private static Inheritance inheritance(ParseResult options, Path directory) throws IOException {
        var given = InheritedFds.adopt(System.getenv());
        if (!options.hasMatchedOption(TAKEOVER)) {
            return given.isEmpty() ? Inheritance.NOTHING : Inheritance.of(given);
        }
        return Takeover.from(directory.resolve("fd.sock")).orElse(Inheritance.NOTHING);
    }

    private static Settings settings(ParseResult options) throws InvalidSetting {
        var environment = System.getenv();
        var given = new HashMap<String, String>();
        for (var setting : Setting.values()) {
            if (options.hasMatchedOption("--" + setting.key())) {
                given.put(setting.key(), options.matchedOptionValue("--" + setting.key(), ""));
            }
        }
        var file =
                Optional.ofNullable(options.<Path>matchedOptionValue("--config", null))
                        .or(() ->
                                Optional.ofNullable(environment.get("EVENTFDD_CONFIG"))
                                        .map(Path::of));
        return Settings.read(given, environment, file);
    }
}
