package io.eventfdd.server.runtime;

import io.eventfdd.internal.linux.UnixListener;

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
 * The name of a listening Unix socket, from birth to removal. Safe for all threads, except that one
 * at a time makes, leaves or removes it.
 *
 * <p>The socket is bound at its own name, since that is the address that getpeername(2) and ss(8)
 * show. It is never wider than configured: it is born with {@link #AT_BIRTH}, then gets its group
 * and its mode, and listens last. Its name is removed only while it still leads to the same file:
 * another process's stays.
 */
public final class SocketFile {
    /** The permission bits to bind with. */
    public static final int AT_BIRTH = 0600;

    /**
     * What a socket's path may be in bytes; sun_path has 108, one of them for the NUL, and the JDK
     * leaves one more free.
     */
    static final int MAX_PATH = 106;

    private static final int TYPE_BITS = 0170000;
    private static final int SOCKET_BITS = 0140000;

    private final Path path;

    /** Whether the name is ours to remove and to make anew. */
    private final boolean ours;

    /** The device and inode that the name led to. */
    private final Optional<Object> file;

    private volatile boolean left;

    private SocketFile(Path path, boolean ours, Optional<Object> file) {
        this.path = path;
        this.ours = ours;
        this.file = file;
    }

    /**
     * Makes way for a socket at {@code path}: removes one that nobody listens on.
     *
     * @throws IOException if something else is there: a file that is no socket, or a socket that a
     *     process listens on
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
     * The name of a socket that was bound at {@code place} with {@link #AT_BIRTH} and does not
     * listen yet. It has its group and mode from the return on.
     *
     * @throws IOException if it cannot have them; it is removed then
     */
    public static SocketFile born(ListenerPlace place) throws IOException {
        var file = new SocketFile(place.path(), true, key(place.path()));
        try {
            UnixListener.permit(place.path(), place.mode(), place.gid());
            return file;
        } catch (IOException | RuntimeException e) {
            file.remove();
            throw e;
        }
    }

    /**
     * The name of a socket that another process made at {@code place}. Where it is that process's
     * to remove, it need not be there.
     */
    public static SocketFile inherited(ListenerPlace place) throws IOException {
        return new SocketFile(place.path(), place.isOurs(), key(place.path()));
    }

    /** The name is another process's from now on. */
    public void leave() {
        left = true;
    }

    /**
     * Whether a socket has to be bound here anew: the name has gone or leads elsewhere, and it is
     * ours.
     *
     * @throws IOException if it has gone and another process has to see to it
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
     * Whether the name leads to the file that it led to: nobody has removed or replaced it. One
     * that is not ours may be missing from the start.
     */
    private boolean isThere() {
        try {
            return !left && (file.isPresent() || !ours) && file.equals(key(path));
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Whether clients find the socket, as far as this process is to see to it: a name that is
     * another process's is for that one to keep.
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
     * Only ECONNREFUSED says that nobody listens; a socket of another type or with a full backlog
     * is live.
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
