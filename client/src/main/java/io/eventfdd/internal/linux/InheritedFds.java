package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The descriptors that a service manager gave this process at its start, from 3 on.
 *
 * @see <a
 *     href="https://man7.org/linux/man-pages/man3/sd_listen_fds.3.html">sd_listen_fds_with_names(3)</a>
 */
public final class InheritedFds {
    private static final int FIRST = 3;

    private static final int SO_TYPE = 3;
    private static final int SO_ACCEPTCONN = 30;
    private static final int SO_DOMAIN = 39;

    private InheritedFds() {}

    /** The type of a socket. */
    public enum SocketType {
        /** SOCK_STREAM. */
        BYTES(1, "SOCK_STREAM"),
        /** SOCK_SEQPACKET. */
        PACKETS(5, "SOCK_SEQPACKET");

        final int number;
        private final String word;

        SocketType(int number, String word) {
            this.number = number;
            this.word = word;
        }
    }

    /**
     * Checks that {@code fd} is a listening Unix socket. Of the clients of any other socket, the
     * kernel tells no user.
     *
     * @throws ErrnoException EINVAL if it is not, or if it has another type
     */
    public static void requireListener(Fd fd, SocketType type) throws ErrnoException {
        if (!isListener(fd, type)) {
            throw ErrnoException.of(
                    fd + " is no listening Unix socket of the type " + type.word, Errno.EINVAL);
        }
    }

    private static boolean isListener(Fd fd, SocketType type) throws ErrnoException {
        try {
            return option(fd, SO_DOMAIN) == Libc.AF_UNIX
                    && option(fd, SO_TYPE) == type.number
                    && option(fd, SO_ACCEPTCONN) != 0;
        } catch (ErrnoException e) {
            if (e.is(Errno.ENOTSOCK)) {
                return false;
            }
            throw e;
        }
    }

    /**
     * The path at which {@code fd} listens, if it is a listening Unix socket of that type and has
     * one.
     */
    public static Optional<Path> listensAt(Fd fd, SocketType type) {
        try {
            requireListener(fd, type);
            return path(fd);
        } catch (ErrnoException | InvalidPathException e) {
            return Optional.empty();
        }
    }

    private static Optional<Path> path(Fd fd) throws ErrnoException {
        var address = new byte[UnixAddress.SIZE];
        var length = new int[] {address.length};
        if (LIBC.getsockname(fd.number(), address, length) < 0) {
            throw ErrnoException.ofLast("getsockname(" + fd + ")");
        }
        return UnixAddress.path(address, length[0]);
    }

    private static int option(Fd fd, int option) throws ErrnoException {
        var value = new int[1];
        var size = new int[] {Integer.BYTES};
        if (LIBC.getsockopt(fd.number(), Libc.SOL_SOCKET, option, value, size) < 0) {
            throw ErrnoException.ofLast("getsockopt(" + fd + ", " + option + ")");
        }
        return value[0];
    }

    /**
     * An inherited descriptor.
     *
     * @param name the name that the service manager gave it; it need not be unique
     */
    public record Inherited(String name, Fd fd) {}

    /**
     * Takes over the descriptors that {@code environment} names, if they are meant for this
     * process. It must be called once, before anything else closes or uses them.
     */
    public static List<Inherited> adopt(Map<String, String> environment) throws ErrnoException {
        var count = number(environment, "LISTEN_FDS");
        if (count.filter(it -> it > 0).isEmpty()
                || !number(environment, "LISTEN_PID").equals(Optional.of(LIBC.getpid()))) {
            return List.of();
        }
        var names = environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1);
        var all = new ArrayList<Inherited>(count.get());
        for (int i = 0; i < count.get(); i++) {
            var fd = Fd.adopt(FIRST + i);
            fd.setCloseOnExec();
            all.add(new Inherited(i < names.length ? names[i] : "unknown", fd));
        }
        return all;
    }

    private static Optional<Integer> number(Map<String, String> environment, String name) {
        try {
            return Optional.ofNullable(environment.get(name)).map(Integer::valueOf);
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }
}
