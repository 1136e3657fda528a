package io.eventfdd.server.handover;

import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.InheritedFds.Inherited;

import java.lang.System.Logger.Level;
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

    /** Takes over the descriptors from the service manager, and closes those that are of no use. */
    public static Inheritance of(List<Inherited> inherited) {
        Optional<Fd> api = Optional.empty();
        Optional<Fd> fds = Optional.empty();
        var eventfds = new HashMap<Long, Fd>();
        for (var one : inherited) {
            var id = Name.parse(one.name());
            if (one.name().equals("api") && api.isEmpty()) {
                api = Optional.of(one.fd());
            } else if (one.name().equals("fd") && fds.isEmpty()) {
                fds = Optional.of(one.fd());
            } else if (id.isEmpty() || eventfds.putIfAbsent(id.get(), one.fd()) != null) {
                LOGGER.log(
                        Level.WARNING,
                        "ignoring the inherited {0} with the name {1}",
                        one.fd(),
                        one.name());
                one.fd().close();
            }
        }
        return new Inheritance(api, fds, false, Map.copyOf(eventfds), Optional.empty());
    }
}
