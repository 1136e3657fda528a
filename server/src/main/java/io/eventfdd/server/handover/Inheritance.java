package io.eventfdd.server.handover;

import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.InheritedFds;
import io.eventfdd.internal.linux.InheritedFds.Inherited;
import io.eventfdd.internal.linux.InheritedFds.SocketType;
import io.eventfdd.internal.wire.Shown;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The descriptors that a daemon gets from the previous process, from the service manager, or from
 * itself, if it goes on because it could not hand over.
 *
 * @param api the listener of {@code api.sock}
 * @param fd the listener of {@code fd.sock}
 * @param ownsSockets whether this process removes the names of the sockets; the service manager
 *     keeps those that it made
 * @param eventfds the descriptors of eventfds, by their number in the table
 * @param past the content that the table should have, if that is known
 */
public record Inheritance(
        Optional<Fd> api,
        Optional<Fd> fd,
        boolean ownsSockets,
        Map<Long, Fd> eventfds,
        Optional<Past> past) {
    private static final String API = "api";
    private static final String FD = "fd";
    private static final System.Logger LOGGER = System.getLogger(Inheritance.class.getName());

    /** No descriptors. */
    public static final Inheritance NOTHING =
            new Inheritance(Optional.empty(), Optional.empty(), true, Map.of(), Optional.empty());

    /**
     * The inheritance of a daemon that goes on with its own listeners and with the eventfds that it
     * has {@code left}.
     */
    public static Inheritance ofItself(Fd api, Fd fd, boolean ownsSockets, Table.Left left) {
        return new Inheritance(
                Optional.of(api),
                Optional.of(fd),
                ownsSockets,
                Map.copyOf(left.fds()),
                Optional.of(left.past()));
    }

    /**
     * The name of an eventfd's descriptor at the service manager. It is short, because there may be
     * many.
     */
    static final class Name {
        private static final String PREFIX = "e";

        private Name() {}

        static String of(long id) {
            return PREFIX + Long.toString(id, Character.MAX_RADIX);
        }

        static Optional<Long> parse(String name) {
            if (!name.startsWith(PREFIX)) {
                return Optional.empty();
            }
            try {
                return Optional.of(
                        Long.parseLong(name.substring(PREFIX.length()), Character.MAX_RADIX));
            } catch (NumberFormatException e) {
                return Optional.empty();
            }
        }
    }

    /**
     * The number of descriptors, including the connection between two daemons, which is closed once
     * the new one serves.
     */
    public int size() {
        int connection = ownsSockets && api.isPresent() ? 1 : 0;
        return (int) (api.stream().count() + fd.stream().count()) + eventfds.size() + connection;
    }

    /**
     * Takes over the descriptors from the service manager, and closes those that are of no use. A
     * socket is recognized by its type and its address in the runtime directory, whatever its name
     * is; a socket with another address, by its name.
     */
    public static Inheritance of(List<Inherited> inherited, Path directory) {
        Optional<Fd> api = Optional.empty();
        Optional<Fd> fds = Optional.empty();
        var eventfds = new HashMap<Long, Fd>();
        for (var one : inherited) {
            var use = use(one, directory);
            if (use.equals(API) && api.isEmpty()) {
                api = Optional.of(one.fd());
            } else if (use.equals(FD) && fds.isEmpty()) {
                fds = Optional.of(one.fd());
            } else {
                var id = Name.parse(use);
                if (id.isEmpty() || eventfds.putIfAbsent(id.get(), one.fd()) != null) {
                    closeUnused(one, directory);
                }
            }
        }
        return new Inheritance(api, fds, false, Map.copyOf(eventfds), Optional.empty());
    }

    /** The name that {@code one} should have. */
    private static String use(Inherited one, Path directory) {
        if (listensAt(one.fd(), SocketType.BYTES, directory.resolve("api.sock"))) {
            return API;
        }
        if (listensAt(one.fd(), SocketType.PACKETS, directory.resolve("fd.sock"))) {
            return FD;
        }
        return one.name();
    }

    private static boolean listensAt(Fd fd, SocketType type, Path socket) {
        return InheritedFds.listensAt(fd, type).filter(path -> isSame(path, socket)).isPresent();
    }

    /** Whether both lead to one file, since {@code /var/run} may be a link. */
    private static boolean isSame(Path path, Path socket) {
        try {
            return Files.isSameFile(path, socket);
        } catch (IOException e) {
            return false;
        }
    }

    private static void closeUnused(Inherited one, Path directory) {
        LOGGER.log(
                Level.WARNING,
                "ignoring the inherited {0} with the name {1}, which does not listen at a socket"
                        + " of {2}; FileDescriptorName=api or =fd sets the name",
                one.fd(),
                Shown.quoted(one.name()),
                directory);
        one.fd().close();
    }
}
