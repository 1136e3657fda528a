package io.eventfdd.server;

import static java.util.Objects.requireNonNull;

import io.eventfdd.internal.linux.InheritedFds;
import io.eventfdd.internal.linux.OpenFiles;
import io.eventfdd.server.config.InvalidSetting;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;
import io.eventfdd.server.handover.Inheritance;
import io.eventfdd.server.handover.Systemd;
import io.eventfdd.server.handover.Takeover;
import io.eventfdd.server.runtime.HeldByAnotherException;
import io.eventfdd.server.runtime.RuntimeDirectory;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * The command {@code serve}, which runs the daemon. It has an option for each setting besides its
 * own.
 */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        description = {
            "Runs the daemon until SIGTERM or SIGINT.",
            "It creates the sockets api.sock (HTTP) and fd.sock (raw descriptors) in its runtime"
                    + " directory, prints their paths, and logs to stderr. SIGHUP makes it read its"
                    + " settings again.",
            "Each setting is an option, a variable of the environment (EVENTFDD_MAX_WAIT=2h) or a"
                    + " line of a YAML file (max-wait: 2h). An option wins over the environment,"
                    + " and that over the file. eventfdd.yaml(5) describes them all."
        },
        footer = {"", "Example: eventfdd serve --runtime-dir /run/eventfdd --max-wait 2h"})
final class Serve implements Callable<Integer> {
    /** How long a daemon may take to end after it has handed over. */
    private static final Duration TIME_TO_LET_GO = Duration.ofSeconds(10);

    @Spec private @Nullable CommandSpec spec;

    @Option(
            names = ServeOptions.DIRECTORY,
            paramLabel = "DIR",
            description =
                    "the directory of the sockets (default: $EVENTFDD_RUNTIME_DIR,"
                            + " $RUNTIME_DIRECTORY, /run/eventfdd if it can be written,"
                            + " $XDG_RUNTIME_DIR/eventfdd, /tmp/eventfdd-UID)")
    private @Nullable Path directory;

    @Option(
            names = ServeOptions.FILE,
            paramLabel = "FILE",
            description =
                    "the file of settings (default: $EVENTFDD_CONFIG, or else"
                            + " /etc/eventfdd/eventfdd.yaml if it exists)")
    private @Nullable Path file;

    @Option(
            names = ServeOptions.TAKEOVER,
            description =
                    "take over the eventfds and sockets of the daemon that runs there, which then"
                            + " ends")
    private boolean takeover;

    /** The command with all its options. */
    static CommandSpec command() {
        var spec = CommandSpec.forAnnotatedObject(new Serve());
        for (var setting : Setting.values()) {
            spec.addOption(
                    OptionSpec.builder("--" + setting.key())
                            .paramLabel("VALUE")
                            .type(String.class)
                            .description(
                                    setting.meaning()
                                            + " (default: "
                                            + setting.standard()
                                            + "; "
                                            + setting.range()
                                            + ")")
                            .completionCandidates(setting.choices())
                            .build());
        }
        return spec;
    }

    @Override
    public Integer call() throws InvalidSetting, IOException {
        var parsed = requireNonNull(spec, "picocli has set it").commandLine().getParseResult();
        var settings = new HashMap<String, String>();
        for (var setting : Setting.values()) {
            if (parsed.hasMatchedOption("--" + setting.key())) {
                settings.put(setting.key(), parsed.matchedOptionValue("--" + setting.key(), ""));
            }
        }
        return serve(new ServeOptions(settings, directory, file, takeover));
    }

    /** Runs the daemon and returns the exit status. */
    static int serve(ServeOptions options) throws InvalidSetting, IOException {
        var settings = options.read();
        Logging.configure(settings);
        warnOfMistakenVariables();
        int uid = OpenFiles.effectiveUser();
        var place =
                options.directory() == null
                        ? RuntimeDirectory.locate(System.getenv(), uid)
                        : options.directory();
        try (var systemd = Systemd.of(System.getenv())) {
            var bequest =
                    options.takeover()
                            ? Takeover.from(place.resolve("fd.sock"))
                            : Optional.<Takeover.Bequest>empty();
            var inheritance =
                    bequest.isPresent()
                            ? bequest.get().inheritance()
                            : given(options.takeover(), place);
            var inherited = new HashSet<String>();
            inheritance.api().ifPresent(fd -> inherited.add("api.sock"));
            inheritance.fd().ifPresent(fd -> inherited.add("fd.sock"));
            try (var held =
                    RuntimeDirectory.open(
                            place,
                            settings.number(Setting.DIRECTORY_MODE),
                            uid,
                            inherited,
                            inheritance.ownsSockets() && !inherited.isEmpty()
                                    ? TIME_TO_LET_GO
                                    : Duration.ZERO)) {
                var service =
                        new Service(new Daemon(settings, held, inheritance, systemd), systemd);
                int status = service.serve(options::read, () -> thank(bequest));
                for (var next = service.successor(); next.isPresent(); next = service.successor()) {
                    var before = service;
                    service = next.get();
                    status = service.serve(options::read, before::repeatSignal);
                }
                return status;
            } catch (HeldByAnotherException e) {
                throw options.takeover() && inherited.isEmpty() ? unreachable(place, e) : e;
            }
        }
    }

    private static void warnOfMistakenVariables() {
        var logger = System.getLogger(Serve.class.getName());
        for (var name : Settings.mistaken(System.getenv())) {
            logger.log(Level.WARNING, "the environment has {0}, which is not a setting", name);
        }
    }

    /** Another daemon has the directory, and could not be asked to hand over. */
    private static IOException unreachable(Path place, HeldByAnotherException e) {
        return new IOException(
                e.getMessage()
                        + ", but no daemon can be reached at "
                        + place.resolve("fd.sock")
                        + " to take over from; if the socket was removed, SIGHUP has that daemon"
                        + " make it anew",
                e);
    }

    private static void thank(Optional<Takeover.Bequest> bequest) throws IOException {
        if (bequest.isPresent()) {
            bequest.get().thank();
        }
    }

    /**
     * The descriptors that this process got at its start, which a daemon that takes over does not
     * need.
     */
    private static Inheritance given(boolean takeover, Path place) throws IOException {
        var given = InheritedFds.adopt(System.getenv());
        return given.isEmpty() || takeover ? Inheritance.NOTHING : Inheritance.of(given, place);
    }
}
