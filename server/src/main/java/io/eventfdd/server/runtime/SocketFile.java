package io.eventfdd.server.runtime;

import io.eventfdd.internal.linux.UnixListener;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Optional;

/**
 * The name of a listening Unix socket, from its creation to its removal. Safe for all threads,
 * except that only one at a time creates, leaves or removes it.
 *
 * <p>The socket is bound at its own name, since that is the address that getpeername(2) and ss(8)
 * show. Its permissions are never wider than configured: it is created with {@link #AT_BIRTH}, then
 * gets its group and its mode, and only then listens. The name is removed only if it still leads to
 * the same file; a socket of another process stays.
 */
public final class SocketFile {
    /** The permission bits to bind with. */
    public static final int AT_BIRTH = 0600;

    /**
     * The longest path of a socket in bytes. sun_path has 108, one of them for the NUL, and the JDK
     * leaves one more free.
     */
    static final int MAX_PATH = 106;

    private static final int TYPE_BITS = 0170000;
    private static final int SOCKET_BITS = 0140000;

    private final Path path;

    /** Whether this process removes the name, and creates it again if it is missing. */
    private final boolean ours;

    /** The device and inode that the name led to, if it led to anything. */
    private final @Nullable Object file;

    private volatile boolean left;

    private SocketFile(Path path, boolean ours) throws IOException {
        this.path = path;
        this.ours = ours;
        this.file = key(path).orElse(null);
    }

    /**
     * Makes way for a socket at {@code path}: removes a socket on which nobody listens.
     *
     * @throws IOException if something else is there: a file that is not a socket, or a socket on
     *     which a process listens
     */
    public static void makeWay(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (!isSocket(path)) {
            throw new IOException(path + " exists and is not a socket");
        }
        if (isLive(path)) {
            throw new IOException("another process listens on " + path);
        }
        Files.delete(path);
    }

    /**
     * Gives a socket that was bound at {@code place} with {@link #AT_BIRTH}, and does not listen
     * yet, its group and its mode.
     *
     * @throws IOException if it cannot get them; then it is removed
     */
    public static SocketFile born(ListenerPlace place) throws IOException {
        var file = new SocketFile(place.path(), true);
        try {
            UnixListener.permit(place.path(), place.mode(), place.gid());
            return file;
        } catch (IOException | RuntimeException e) {
            file.remove();
            throw e;
        }
    }

    /**
     * The name of a socket that another process created at {@code place}. If that process removes
     * it, it may be missing.
     */
    public static SocketFile inherited(ListenerPlace place) throws IOException {
        return new SocketFile(place.path(), place.isOurs());
    }

    /** Leaves the name to another process. */
    public void leave() {
        left = true;
    }

    /**
     * Whether a socket has to be bound here again, because the name is gone or leads elsewhere, and
     * this process is responsible for it.
     *
     * @throws IOException if it is gone and another process is responsible for it
     */
    public boolean isToBeMade() throws IOException {
        if (isThere() || left) {
            return false;
        }
        if (!ours) {
            throw new IOException(
                    path
                            + " was removed; restart its socket unit, so that the service manager"
                            + " creates it again");
        }
        return true;
    }

    /**
     * Whether nobody has removed or replaced the file that the name leads to. A name that is not
     * ours may be missing from the start.
     */
    private boolean isThere() {
        try {
            return !left && (file != null || !ours) && Objects.equals(file, key(path).orElse(null));
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Whether clients can find the socket, as far as this process is responsible. A name of another
     * process is that process's responsibility.
     */
    public boolean isReachable() {
        return !ours || isThere();
    }

    /** Removes the name, if it still leads to this socket. */
    public void remove() throws IOException {
        if (ours && isThere()) {
            Files.deleteIfExists(path);
        }
        left = true;
    }

    /** Whether {@code path} itself, not what it may link to, is a socket. */
    private static boolean isSocket(Path path) throws IOException {
        return ((int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS) & TYPE_BITS)
                == SOCKET_BITS;
    }

    /**
     * Only ECONNREFUSED means that nobody listens. A socket of another type, or one with a full
     * backlog, is in use.
     */
    private static boolean isLive(Path socket) throws IOException {
        try (var probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.configureBlocking(false);
            try {
                probe.connect(UnixDomainSocketAddress.of(socket));
                return true;
            } catch (ConnectException e) {
                return false;
            } catch (IOException e) {
                return true;
            }
        }
    }

    /** The device and inode of {@code path} itself; empty if nothing is there. */
    static Optional<Object> key(Path path) throws IOException {
        try {
            var attributes =
                    Files.readAttributes(
                            path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return Optional.of(Objects.requireNonNull(attributes.fileKey(), "Linux has one"));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }
}
