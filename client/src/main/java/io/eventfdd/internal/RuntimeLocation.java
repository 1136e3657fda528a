package io.eventfdd.internal;

import io.eventfdd.client.DaemonUnavailableException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The places of the runtime directory if no option gives it, in the order in which a daemon and its
 * clients try them.
 *
 * @param configured the places that the environment sets: {@code EVENTFDD_RUNTIME_DIR}, {@code
 *     RUNTIME_DIRECTORY}
 * @param system the place for all users of the machine
 * @param user the places of this user: below {@code XDG_RUNTIME_DIR}, if that is set, and below
 *     {@code /tmp}
 */
public record RuntimeLocation(List<Path> configured, Path system, List<Path> user) {
    private static final Path SYSTEM = Path.of("/run/eventfdd");

    /** Copies the lists. */
    public RuntimeLocation {
        configured = List.copyOf(configured);
        user = List.copyOf(user);
    }

    /**
     * The places for a process of user {@code uid} with {@code environment}; an empty variable
     * counts as not set. {@code RUNTIME_DIRECTORY} may have several paths, separated by colons; the
     * first one is used (see systemd.exec(5)).
     */
    public static RuntimeLocation of(Map<String, String> environment, int uid) {
        var configured = new ArrayList<Path>();
        var user = new ArrayList<Path>();
        var own = environment.getOrDefault("EVENTFDD_RUNTIME_DIR", "");
        if (!own.isEmpty()) {
            configured.add(Path.of(own));
        }
        var systemd = environment.getOrDefault("RUNTIME_DIRECTORY", "");
        if (!systemd.isEmpty()) {
            configured.add(Path.of(systemd.split(":", 2)[0]));
        }
        var session = environment.getOrDefault("XDG_RUNTIME_DIR", "");
        if (!session.isEmpty()) {
            user.add(Path.of(session, "eventfdd"));
        }
        user.add(Path.of("/tmp/eventfdd-" + Integer.toUnsignedString(uid)));
        return new RuntimeLocation(configured, SYSTEM, user);
    }

    /**
     * Where the daemon of this process is, by its environment.
     *
     * @throws DaemonUnavailableException if none of the places exists
     */
    public static Path current() {
        var location = of(System.getenv(), userId());
        return location.forClient(Files::isDirectory)
                .orElseThrow(() -> Failures.noDaemon(location.all()));
    }

    private static int userId() {
        try {
            return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        } catch (IOException e) {
            throw new DaemonUnavailableException("cannot tell who I am without /proc", e);
        }
    }

    /**
     * The directory for a daemon. {@code writable} says whether it could create and fill a
     * directory.
     */
    public Path forDaemon(Predicate<Path> writable) {
        if (!configured.isEmpty()) {
            return configured.get(0);
        }
        return writable.test(system) ? system : user.get(0);
    }

    /** The directory for a client: the first that {@code exists}; empty if none does. */
    public Optional<Path> forClient(Predicate<Path> exists) {
        return all().stream().filter(exists).findFirst();
    }

    /** All places, in order. */
    public List<Path> all() {
        var all = new ArrayList<>(configured);
        all.add(system);
        all.addAll(user);
        return List.copyOf(all);
    }
}
