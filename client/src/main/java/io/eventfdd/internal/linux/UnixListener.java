package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The operations on a listening Unix socket besides bind(2) and accept(2).
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/listen.2.html">listen(2)</a>
 */
public final class UnixListener {
    /** As large a backlog as the kernel allows, which is net.core.somaxconn. */
    public static final int MAX_BACKLOG = Integer.MAX_VALUE;

    private static final int O_NOFOLLOW =
            System.getProperty("os.arch").equals("aarch64") ? 0x8000 : 0x20000;
    private static final int O_PATH = 0x200000;
    private static final int TYPE_BITS = 0170000;
    private static final int SOCKET_BITS = 0140000;

    private UnixListener() {}

    /**
     * Creates a socket that is bound to {@code path}, which must not exist. It does not listen yet,
     * so nobody can connect.
     *
     * @param mode the permission bits of the file, less those that the umask takes
     */
    public static Fd bind(InheritedFds.SocketType type, Path path, int mode) throws ErrnoException {
        var address = UnixAddress.of("bind", path);
        int flags = type.number | Libc.SOCK_CLOEXEC;
        int number = LIBC.socket(Libc.AF_UNIX, flags, 0);
        if (number < 0) {
            throw ErrnoException.ofLast("socket(AF_UNIX, " + type + ")");
        }
        var socket = Fd.adopt(number);
        try {
            restrictFile(socket, mode);
            if (LIBC.bind(number, address, address.length) < 0) {
                throw ErrnoException.ofLast("bind(" + path + ")");
            }
            return socket;
        } catch (ErrnoException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * Limits the permission bits of the file that bind(2) makes for {@code socket}, which is not
     * bound yet. The kernel gives the file the socket's own mode, less the umask, at its birth, so
     * there is no moment at which the file permits more.
     */
    public static void restrictFile(Fd socket, int mode) throws ErrnoException {
        if (LIBC.fchmod(socket.number(), mode) < 0) {
            throw ErrnoException.ofLast(
                    "fchmod(" + socket + ", 0" + Integer.toOctalString(mode) + ")");
        }
    }

    /**
     * Gives the socket's file {@code path} its group and then its permission bits. Another process
     * that may write to the directory cannot make another file get them, because the file that was
     * checked is the one that is changed.
     *
     * @throws IOException if {@code path} is not a socket, or the process may not do this
     */
    public static void permit(Path path, int mode, int gid) throws IOException {
        int number =
                LIBC.open(
                        (path + "\0").getBytes(StandardCharsets.UTF_8),
                        O_PATH | O_NOFOLLOW | Libc.O_CLOEXEC,
                        0);
        if (number < 0) {
            throw ErrnoException.ofLast("open(" + path + ")");
        }
        try (var fd = Fd.adopt(number)) {
            var file = Path.of("/proc/self/fd/" + fd.number());
            if (((int) Files.getAttribute(file, "unix:mode") & TYPE_BITS) != SOCKET_BITS) {
                throw new IOException(path + " is not a socket");
            }
            if ((int) Files.getAttribute(file, "unix:gid") != gid) {
                Files.setAttribute(file, "unix:gid", gid);
            }
            Files.setAttribute(file, "unix:mode", mode);
        } catch (FileSystemException e) {
            throw new IOException(
                    "cannot give %s the group %s and the mode %04o: %s"
                            .formatted(path, Integer.toUnsignedString(gid), mode, e.getReason()),
                    e);
        }
    }

    /**
     * Listens on {@code socket}, or listens again if it does so already: a client that connects
     * from now on finds this process in SO_PEERCRED, whichever process listened before. Connections
     * that wait to be accepted stay.
     *
     * @param backlog how many connections may wait to be accepted, from now on
     */
    public static void listen(Fd socket, int backlog) throws ErrnoException {
        if (LIBC.listen(socket.number(), backlog) < 0) {
            throw ErrnoException.ofLast("listen(" + socket + ", " + backlog + ")");
        }
    }

    /** Whether a connection waits to be accepted. */
    public static boolean isAwaited(Fd socket) throws ErrnoException {
        var readiness = new Readiness();
        readiness.begin(1);
        readiness.ask(socket);
        return readiness.await(0) > 0 && readiness.isReadable(0);
    }
}
