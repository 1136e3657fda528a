package io.eventfdd.server.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The settings of this run: every one of the table has a value, and it is in range. Immutable. */
public final class Settings {
    /** The file of settings if none is named. */
    public static final Path STANDARD_FILE = Path.of("/etc/eventfdd/eventfdd.yaml");

    private static final String PREFIX = "EVENTFDD_";

    /** The variables of this program that are not settings. */
    private static final Set<String> OTHERS = Set.of("CONFIG", "RUNTIME_DIR", "JAVA_OPTS");

    /**
     * The variables that Kubernetes sets in each container for a service with a name such as {@code
     * eventfdd-…}.
     */
    private static final Pattern SERVICE_LINK = Pattern.compile("(.*_)?(SERVICE|PORT)(_.*)?");

    private final Map<Setting, Long> values;

    private Settings(Map<Setting, Long> values) {
        this.values = values;
    }

    /**
     * Reads the settings. The value of each comes from the first of the options, the environment
     * and the file that has one, or else is the default.
     *
     * @param options by key, from the command line
     * @param environment by name; unknown variables are not an error, see {@link #mistaken}
     * @param file the file that was named, which must exist
     * @throws InvalidSetting if a key is unknown, a value is malformed or out of range, or the file
     *     cannot be read
     */
    public static Settings read(
            Map<String, String> options, Map<String, String> environment, Optional<Path> file)
            throws InvalidSetting {
        var stated = new TreeMap<String, Stated>();
        var path = file.or(() -> Optional.of(STANDARD_FILE).filter(Files::exists));
        if (path.isPresent()) {
            if (!Files.isReadable(path.get())) {
                throw new InvalidSetting("cannot read " + path.get());
            }
            stated.putAll(inFile(path.get(), SettingsFile.read(path.get())));
        }
        for (var setting : Setting.values()) {
            var value = environment.get(setting.variable());
            if (value != null) {
                stated.put(setting.key(), new Stated(value, setting.variable() + ": "));
            }
        }
        options.forEach((key, value) -> stated.put(key, new Stated(value, "")));
        return of(stated);
    }

    /**
     * The settings of a process that is not the daemon: the default of each, unless {@code values}
     * of {@code file} has its key.
     *
     * @throws InvalidSetting if a key is unknown, or a value is malformed or out of range
     */
    public static Settings of(Map<String, String> values, Path file) throws InvalidSetting {
        return of(inFile(file, values));
    }

    /**
     * What somebody says that a setting is.
     *
     * @param place where, as the beginning of a message; empty for an option, which names itself
     */
    private record Stated(String value, String place) {}

    private static Map<String, Stated> inFile(Path file, Map<String, String> values) {
        var stated = new TreeMap<String, Stated>();
        values.forEach((key, value) -> stated.put(key, new Stated(value, file + ": ")));
        return stated;
    }

    private static Settings of(Map<String, Stated> stated) throws InvalidSetting {
        var values = new EnumMap<Setting, Long>(Setting.class);
        for (var setting : Setting.values()) {
            values.put(setting, setting.parse(setting.standard()));
        }
        for (var entry : stated.entrySet()) {
            var key = entry.getKey();
            var place = entry.getValue().place();
            var setting =
                    Setting.ofKey(key)
                            .orElseThrow(
                                    () -> new InvalidSetting(place + "unknown setting: " + key));
            try {
                values.put(setting, setting.parse(entry.getValue().value()));
            } catch (InvalidSetting e) {
                throw new InvalidSetting(place + e.getMessage());
            }
        }
        return new Settings(values);
    }

    /** The variables of {@code environment} that look like settings and are none, in order. */
    public static List<String> mistaken(Map<String, String> environment) {
        var settings = Arrays.stream(Setting.values()).map(Setting::variable).toList();
        return environment.keySet().stream()
                .filter(name -> name.startsWith(PREFIX) && !settings.contains(name))
                .filter(name -> !isOfOthers(name.substring(PREFIX.length())))
                .sorted()
                .toList();
    }

    private static boolean isOfOthers(String name) {
        return OTHERS.contains(name) || SERVICE_LINK.matcher(name).matches();
    }

    /** The value of a setting that is a number or a mode. */
    public int number(Setting setting) {
        return (int) value(setting);
    }

    /** The value of a setting that is a duration. */
    public Duration duration(Setting setting) {
        return Duration.ofMillis(value(setting));
    }

    /** The value of a setting that is one of a few words. */
    public String choice(Setting setting) {
        return setting.choice(value(setting));
    }

    private long value(Setting setting) {
        return values.getOrDefault(setting, 0L);
    }

    /** Whether {@code other} has another value. */
    public boolean differsIn(Setting setting, Settings other) {
        return value(setting) != other.value(setting);
    }

    /**
     * A copy with the values of {@code read} for all settings that can change while the daemon
     * runs.
     */
    public Settings reloaded(Settings read) {
        var changed = new EnumMap<>(values);
        for (var setting : Setting.values()) {
            if (setting.isReloadable()) {
                changed.put(setting, read.value(setting));
            }
        }
        return new Settings(changed);
    }

    /** A copy in which a number is lowered to {@code limit}, if that is lower. */
    public Settings lowered(Setting setting, long limit) {
        var lower = new EnumMap<>(values);
        lower.merge(setting, limit, Math::min);
        return new Settings(lower);
    }
}
