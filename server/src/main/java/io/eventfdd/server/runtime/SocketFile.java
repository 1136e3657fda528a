package io.eventfdd.server.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The name of a listening Unix socket, from birth to removal.
 *
 * <p>bind(2) makes a socket under the umask, so for a moment it may be wider than it should be.
 * Here it is bound in a directory of its own that nobody else may enter, gets its group and mode
 * there, and is then moved to its name in one step, which also replaces a stale one. It is removed
 * only while it is still the same file: a successor's stays.
 */
public final class SocketFile {
    /**
     * What a socket's path may be in bytes; sun_path has 108, one of them for the NUL, and the JDK
     * leaves one more free.
     */
    static final int MAX_PATH = 106;

    private static final String STAGED = "s";
    private static final int TYPE_BITS = 0170000;
    private static final int SOCKET_BITS = 0140000;

    private final Path path;
    private final Path stage;
    private volatile long inode;
    private volatile boolean published;

    /** Another process made it and removes it. */
    private volatile boolean foreign;

    private SocketFile(Path path, Path stage) {
        this.path = path;
        this.stage = stage;
    }

    /** The longest path that is used on the way to {@code path}. */
    static Path longest(Path path) {
        return path.resolveSibling(path.getFileName() + ".tmp").resolve(STAGED);
    }

    /**
     * Makes room for a socket that is going to be at {@code path}.
     *
     * @throws IOException where the path is too long or the directory cannot be written
     */
    public static SocketFile stage(Path path) throws IOException {
        var staged = longest(path);
        if (staged.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8).length > MAX_PATH) {
            throw new IOException("the path " + path + " is too long for a socket");
        }
        var file = new SocketFile(path, path.resolveSibling(path.getFileName() + ".tmp"));
        file.discard(); // a killed one's
        Files.createDirectory(
                file.stage,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        return file;
    }

    /**
     * One that another process made, at {@code path}.
     *
     * @param ours whether it is for us to remove
     */
    public static SocketFile standing(Path path, boolean ours) throws IOException {
        var file = new SocketFile(path, path.resolveSibling(path.getFileName() + ".tmp"));
        file.foreign = !ours;
        if (ours) {
            file.inode = inode(path);
            file.published = true;
        }
        return file;
    }

    /** The name is another process's from now on. */
    public void leave() {
        published = false;
    }

    /** Where to bind it. */
    public Path staged() {
        return stage.resolve(STAGED);
    }

    /**
     * Gives the socket, which is bound by now, its group, mode and name.
     *
     * @throws IOException where that cannot be, or something that is no socket has the name
     */
    public void publish(int mode, int gid) throws IOException {
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && !isSocket(path)) {
            throw new IOException(path + " is there and is not a socket");
        }
        if ((int) Files.getAttribute(staged(), "unix:gid") != gid) {
            Files.setAttribute(staged(), "unix:gid", gid);
        }
        Files.setAttribute(staged(), "unix:mode", mode);
        inode = inode(staged());
        Files.move(staged(), path, StandardCopyOption.ATOMIC_MOVE);
        published = true;
        Files.delete(stage);
    }

    /**
     * Whether the name leads to this socket: nobody has removed or replaced it. Of one that is
     * another process's, that is for the other to see to.
     */
    public boolean isThere() {
        if (foreign) {
            return true;
        }
        try {
            return published && inode(path) == inode;
        } catch (IOException e) {
            return false;
        }
    }

    /** Removes the name, where it is still this socket's. */
    public void remove() throws IOException {
        if (published) {
            published = false;
            try {
                if (inode(path) == inode) {
                    Files.delete(path);
                }
            } catch (NoSuchFileException e) {
                // gone already, which is what was wanted
            }
        }
    }

    /** Removes what is left of the way here, published or not. */
    public void discard() throws IOException {
        remove();
        if (Files.isDirectory(stage, LinkOption.NOFOLLOW_LINKS)) {
            Files.deleteIfExists(staged());
            Files.delete(stage);
        }
    }

    /** Whether {@code path} itself, not what it may link to, is a socket. */
    static boolean isSocket(Path path) throws IOException {
        return ((int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS) & TYPE_BITS)
                == SOCKET_BITS;
    }

    private static long inode(Path path) throws IOException {
        return (long) Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
    }
}
