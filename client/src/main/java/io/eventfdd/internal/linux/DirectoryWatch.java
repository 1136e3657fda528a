package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * An inotify instance whose descriptor is readable once a name in a directory has gone or leads to
 * another file, or the directory itself has gone. It does not tell which; the owner has to look.
 * For one thread at a time.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/inotify.7.html">inotify(7)</a>
 */
public final class DirectoryWatch implements AutoCloseable {
    private static final int IN_NONBLOCK = 0x800;
    private static final int IN_CLOEXEC = 0x80000;
    private static final int IN_MOVED_FROM = 0x40;
    private static final int IN_MOVED_TO = 0x80;
    private static final int IN_DELETE = 0x200;
    private static final int IN_DELETE_SELF = 0x400;
    private static final int IN_MOVE_SELF = 0x800;
    private static final int IN_ONLYDIR = 0x1000000;
    private static final int CHANGES =
            IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF;

    private final Fd fd;
    private final byte[] events = new byte[4096];

    private DirectoryWatch(Fd fd) {
        this.fd = fd;
    }

    /**
     * Creates a watch, which watches nothing yet.
     *
     * @throws ErrnoException EMFILE if the user has as many as fs.inotify.max_user_instances
     */
    public static DirectoryWatch create() throws ErrnoException {
        int number = LIBC.inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (number < 0) {
            throw ErrnoException.ofLast("inotify_init1()");
        }
        return new DirectoryWatch(Fd.adopt(number));
    }

    /**
     * Starts to watch {@code directory}, unless it is watched already. A directory that was moved
     * or replaced is another directory, and has to be watched again.
     *
     * @throws ErrnoException ENOENT or ENOTDIR if there is no such directory, EACCES if it cannot
     *     be read, ENOSPC if the user has as many as fs.inotify.max_user_watches
     */
    public void watch(Path directory) throws ErrnoException {
        var path = (directory + "\0").getBytes(StandardCharsets.UTF_8);
        if (LIBC.inotify_add_watch(fd.number(), path, CHANGES | IN_ONLYDIR) < 0) {
            throw ErrnoException.ofLast("inotify_add_watch(" + directory + ")");
        }
    }

    /** The descriptor, for epoll. */
    public Fd fd() {
        return fd;
    }

    /** Forgets the changes that were reported so far. */
    public void clear() {
        while (LIBC.read(fd.number(), events, events.length) > 0) {
            // what happened is for the owner to find out
        }
    }

    @Override
    public void close() {
        fd.close();
    }
}
