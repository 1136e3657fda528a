package io.eventfdd.server.runtime;

import io.eventfdd.internal.RuntimeLocation;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * The directory of the sockets, which this daemon holds alone until {@link #close}.
 *
 * <p>The daemon holds it by a lock on a file in it, which the kernel releases when the process
 * ends, however that happens. The file stays: if it were removed, two daemons could lock two files
 * of the same name.
 *
 * <p>If somebody removes parts of it while the daemon runs, {@link #restore} creates them again.
 * One thread at a time restores or closes it; the other methods are safe for all threads.
 */
public final class RuntimeDirectory implements AutoCloseable {
    private static final Set<PosixFilePermission> FOR_US_ALONE =
            PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> LOCK_MODE =
            PosixFilePermissions.fromString("rw-------");
    private static final Duration LOCK_PERIOD = Duration.ofMillis(5);
    private static final int WRITABLE_BY_ALL = 0002;
    private static final int WRITABLE_BY_OTHERS = 0022;
    private static final int PERMISSION_BITS = 07777;

    private final Path path;
    private final int uid;
    private final int groupId;
    private final int mode;
    private volatile Lock lock;
    private volatile boolean lost;

    /** The lock, and the device and inode of the file that it is on. */
    private record Lock(FileChannel file, FileLock lock, Object key) {
        /** Takes the lock; empty if another daemon still has it after {@code patience}. */
        static Optional<Lock> take(Path path, Duration patience) throws IOException {
            while (true) {
                var before = SocketFile.key(path);
                var file = openLock(path);
                try {
                    var lock = tryLock(file, patience);
                    // a file that was there before and is there now is the one that was opened in
                    // between
                    boolean isSame = before.isPresent() && before.equals(SocketFile.key(path));
                    if (lock.isPresent() && isSame) {
                        return Optional.of(new Lock(file, lock.get(), before.get()));
                    }
                    file.close();
                    if (lock.isEmpty()) {
                        return Optional.empty();
                    }
                } catch (IOException | RuntimeException e) {
                    file.close();
                    throw e;
                }
            }
        }

        void release() throws IOException {
            if (lock.isValid()) {
                lock.release();
            }
            file.close();
        }
    }

    private RuntimeDirectory(Path path, int uid, Lock lock) throws IOException {
        this.path = path;
        this.uid = uid;
        this.groupId = attribute(path, "unix:gid");
        this.mode = attribute(path, "unix:mode") & PERMISSION_BITS;
        this.lock = lock;
    }

    /** The path of the directory for a daemon of user {@code uid}, if no option gives it. */
    public static Path locate(Map<String, String> environment, int uid) {
        return RuntimeLocation.of(environment, uid)
                .forDaemon(place ->
                        Files.isWritable(Files.exists(place) ? place : place.resolveSibling(".")));
    }

    /**
     * Creates the directory if it is missing, whatever the umask, takes the lock, and removes
     * sockets on which nobody listens.
     *
     * @param mode the permission bits of a directory that is created
     * @param uid the user that this process runs as
     * @param inherited the names of sockets that this process listens on already
     * @param patience how long to wait for another daemon to release it
     * @throws IOException if it cannot be had, with the reason: another daemon has it, it is not a
     *     directory of this user or of root, its path is too long for a socket, and so on
     */
    public static RuntimeDirectory open(
            Path directory, int mode, int uid, Set<String> inherited, Duration patience)
            throws IOException {
        var path = directory.toAbsolutePath().normalize();
        checkLength(path);
        try {
            make(path, OptionalInt.empty(), mode);
            checkOwner(path, uid);
            var lock =
                    Lock.take(lockFile(path), patience)
                            .orElseThrow(() -> new HeldByAnotherException(path));
            try {
                var held = new RuntimeDirectory(path, uid, lock);
                for (var socket : List.of(held.apiSocket(), held.fdSocket())) {
                    if (!inherited.contains(socket.getFileName().toString())) {
                        SocketFile.makeWay(socket);
                    }
                }
                return held;
            } catch (IOException | RuntimeException e) {
                lock.release();
                throw e;
            }
        } catch (FileSystemException e) {
            throw unusable(path, e);
        }
    }

    private static IOException unusable(Path path, FileSystemException e) {
        return new IOException("cannot use the runtime directory " + path + ": " + inWords(e), e);
    }

    private static Path lockFile(Path directory) {
        return directory.resolve("lock");
    }

    /**
     * Creates the directory and the lock again if somebody has removed them. If another daemon has
     * started there while they were missing, the directory is lost to that daemon for good.
     *
     * @return whether one of the two was missing
     * @throws HeldByAnotherException if it is lost
     * @throws IOException if it cannot be created
     */
    public boolean restore() throws IOException {
        if (lost) {
            throw new HeldByAnotherException(path);
        }
        try {
            if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                make(path, OptionalInt.of(groupId), mode);
            }
            checkOwner(path, uid);
            var file = lockFile(path);
            if (SocketFile.key(file).filter(lock.key()::equals).isPresent()) {
                return false;
            }
            var next = Lock.take(file, Duration.ZERO);
            if (next.isEmpty()) {
                lost = true;
                throw new HeldByAnotherException(path);
            }
            var before = lock;
            lock = next.get();
            before.release();
            return true;
        } catch (FileSystemException e) {
            throw unusable(path, e);
        }
    }

    /** Releases the directory to another daemon, which may still fail to start. */
    public void letGo() throws IOException {
        lock.release();
    }

    /**
     * Takes the directory again after {@link #letGo}. Returns false if another daemon has it.
     *
     * @param patience how long the other one may take to end
     */
    public boolean takeAgain(Duration patience) throws IOException {
        if (lock.lock().isValid()) {
            return true;
        }
        var again = Lock.take(lockFile(path), patience);
        again.ifPresent(it -> lock = it);
        return again.isPresent();
    }

    /** Whether another daemon has the directory, so that its content belongs to that daemon. */
    public boolean isLost() {
        return lost;
    }

    private static FileChannel openLock(Path file) throws IOException {
        try {
            return FileChannel.open(
                    file,
                    Set.of(
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE,
                            LinkOption.NOFOLLOW_LINKS),
                    mode(LOCK_MODE));
        } catch (FileSystemException e) {
            throw e;
        } catch (IOException e) { // the JDK's for ELOOP is of no kind and names no file
            throw new FileSystemException(
                    file.toString(), "", Objects.requireNonNullElse(e.getMessage(), ""));
        }
    }

    private static String inWords(FileSystemException e) {
        var reason =
                switch (e) {
                    case NoSuchFileException _ -> "no such directory";
                    case AccessDeniedException _ -> "permission denied";
                    default -> e.getReason();
                };
        return e.getFile() + ": " + reason;
    }

    private static void checkLength(Path path) throws IOException {
        int length = path.resolve("api.sock").toString().getBytes(StandardCharsets.UTF_8).length;
        if (length > SocketFile.MAX_PATH) {
            throw new IOException(
                    "the path of the runtime directory "
                            + path
                            + " is "
                            + (length - SocketFile.MAX_PATH)
                            + " bytes too long for a Unix socket in it");
        }
    }

    private static void make(Path path, OptionalInt gid, int mode) throws IOException {
        try {
            Files.createDirectory(path, mode(FOR_US_ALONE));
            if (gid.isPresent() && attribute(path, "unix:gid") != gid.getAsInt()) {
                Files.setAttribute(path, "unix:gid", gid.getAsInt());
            }
            Files.setAttribute(
                    path, "unix:mode", mode); // not at birth, where the umask has its say
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                throw new IOException(
                        "the runtime directory " + path + " exists and is not a directory", e);
            }
        }
    }

    /**
     * In a place where anyone may create directories, such as /tmp, anyone may have created this
     * one, or may write to it.
     */
    private static void checkOwner(Path path, int uid) throws IOException {
        int owner = attribute(path, "unix:uid");
        if (owner != uid && owner != 0) {
            throw new IOException(
                    "the runtime directory "
                            + path
                            + " belongs to user "
                            + Integer.toUnsignedString(owner)
                            + ", not to us or root");
        }
        boolean anyonesParent =
                (attribute(path.resolveSibling("."), "unix:mode") & WRITABLE_BY_ALL) != 0;
        if (anyonesParent && (attribute(path, "unix:mode") & WRITABLE_BY_OTHERS) != 0) {
            throw new IOException("the runtime directory " + path + " can be written by others");
        }
    }

    private static FileAttribute<?> mode(Set<PosixFilePermission> permissions) {
        return PosixFilePermissions.asFileAttribute(permissions);
    }

    private static int attribute(Path path, String name) throws IOException {
        return (int) Files.getAttribute(path, name, LinkOption.NOFOLLOW_LINKS);
    }

    private static Optional<FileLock> tryLock(FileChannel file, Duration patience)
            throws IOException {
        long start = System.nanoTime();
        var lock = tryLock(file);
        while (lock.isEmpty() && System.nanoTime() - start < patience.toNanos()) {
            LockSupport.parkNanos(LOCK_PERIOD.toNanos());
            lock = tryLock(file);
        }
        return lock;
    }

    private static Optional<FileLock> tryLock(FileChannel file) throws IOException {
        try {
            return Optional.ofNullable(file.tryLock());
        } catch (OverlappingFileLockException e) {
            return Optional.empty(); // by another daemon in this process
        }
    }

    /** The directory's own path, absolute. */
    public Path path() {
        return path;
    }

    /** The path of the socket for HTTP. */
    public Path apiSocket() {
        return path.resolve("api.sock");
    }

    /** The path of the socket that hands out descriptors. */
    public Path fdSocket() {
        return path.resolve("fd.sock");
    }

    /** The path of the table, in which the next process finds the eventfds of this one. */
    public Path table() {
        return path.resolve("table");
    }

    /** The group of the directory, which the sockets in it have too. */
    public int groupId() {
        return groupId;
    }

    @Override
    public void close() throws IOException {
        lock.release();
    }
}
