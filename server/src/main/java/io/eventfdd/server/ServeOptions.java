package io.eventfdd.server;

import io.eventfdd.server.config.InvalidSetting;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;

import org.jspecify.annotations.Nullable;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The command line of {@code serve}.
 *
 * @param settings the settings by their keys
 * @param directory the directory for the sockets, if it was given
 * @param file the file of settings, if it was given
 * @param takeover whether to take over from another daemon
 */
record ServeOptions(
        Map<String, String> settings,
        @Nullable Path directory,
        @Nullable Path file,
        boolean takeover) {
    static final String DIRECTORY = "--runtime-dir";
    static final String FILE = "--config";
    static final String TAKEOVER = "--takeover";

    /**
     * Parses options that are all known and have a value, which is how daemons are started. The
     * result is empty if there is anything else, such as a request for help or a mistake; then
     * picocli parses them. To load picocli takes a quarter of the whole start, so the daemon avoids
     * it.
     */
    static Optional<ServeOptions> plain(List<String> arguments) {
        var values = new HashMap<String, String>();
        boolean takeover = false;
        for (var rest = arguments.iterator(); rest.hasNext(); ) {
            var argument = rest.next();
            if (argument.equals(TAKEOVER) && !takeover) {
                takeover = true;
                continue;
            }
            int equals = argument.indexOf('=');
            var name = equals < 0 ? argument : argument.substring(0, equals);
            var value = "";
            if (equals >= 0) {
                value = argument.substring(equals + 1);
            } else if (rest.hasNext()) {
                value = rest.next();
            }
            boolean isOption = value.isEmpty() || value.charAt(0) == '-';
            if (isOption || !isKnown(name) || values.put(name, value) != null) {
                return Optional.empty();
            }
        }
        var directory = values.remove(DIRECTORY);
        var file = values.remove(FILE);
        var settings = new HashMap<String, String>();
        values.forEach((name, value) -> settings.put(name.substring("--".length()), value));
        try {
            return Optional.of(
                    new ServeOptions(
                            settings,
                            directory == null ? null : Path.of(directory),
                            file == null ? null : Path.of(file),
                            takeover));
        } catch (InvalidPathException e) {
            // the locale may not have its characters
            return Optional.empty();
        }
    }

    private static boolean isKnown(String name) {
        return switch (name) {
            case DIRECTORY, FILE -> true;
            default -> name.startsWith("--") && Setting.ofKey(name.substring(2)).isPresent();
        };
    }

    /**
     * The settings in force: those of the command line, then those of the environment and of the
     * file.
     */
    Settings read() throws InvalidSetting {
        var environment = System.getenv();
        var named =
                Optional.ofNullable(file)
                        .or(() ->
                                Optional.of(environment.getOrDefault("EVENTFDD_CONFIG", ""))
                                        .filter(name -> !name.isEmpty())
                                        .map(Path::of));
        return Settings.read(settings, environment, named);
    }
}
