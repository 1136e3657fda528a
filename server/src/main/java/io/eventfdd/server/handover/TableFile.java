package io.eventfdd.server.handover;

import static java.util.Objects.requireNonNull;

import io.eventfdd.internal.linux.OpenFiles;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;

/**
 * The file of the table, and beside it the file {@code table.next}, which is full of zeros and
 * holds the space for the next complete content, so that the table can be written when the disk is
 * full. For one thread at a time.
 */
final class TableFile implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(TableFile.class.getName());

    /** The file systems that have no disk. */
    private static final Set<String> IN_MEMORY = Set.of("tmpfs", "ramfs");

    private static final int BLOCK = 4096;
    private static final int ZEROS = 64 * 1024;
    private static final String MODE = "rw-------";
    private static final Set<OpenOption> READ_AND_WRITE =
            Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);

    private final Path file;
    private final Path next;

    private final boolean isInMemory;

    /** The file that further lines are appended to; null until the content was written. */
    private @Nullable FileChannel channel;

    /** The device and inode of that file. */
    private @Nullable Object key;

    /** The number of bytes that were written to the file. */
    private long length;

    /** The number of bytes that can be written even if the disk is full. */
    private long spare;

    private TableFile(Path file, Path next, boolean isInMemory, long spare) {
        this.file = file;
        this.next = next;
        this.isInMemory = isInMemory;
        this.spare = spare;
    }

    /**
     * Uses the file at {@code file}, which need not exist yet. Its content is not changed.
     *
     * @throws IOException if it cannot be examined
     */
    static TableFile of(Path file) throws IOException {
        var next = file.resolveSibling(file.getFileName() + ".next");
        return new TableFile(file, next, isInMemory(file), isOurs(next) ? Files.size(next) : 0);
    }

    private static boolean isInMemory(Path file) {
        try {
            return IN_MEMORY.contains(Files.getFileStore(file.resolveSibling(".")).type());
        } catch (IOException e) {
            LOGGER.log(Level.DEBUG, "the file system of {0} is not known: {1}", file, e);
            return false;
        }
    }

    /** Whether the file is on a file system in memory, so that no append waits for a disk. */
    boolean isInMemory() {
        return isInMemory;
    }

    private static FileChannel openOrMake(Path path) throws IOException {
        if (isOurs(path)) {
            return FileChannel.open(path, READ_AND_WRITE);
        }
        Files.deleteIfExists(path);
        return FileChannel.open(
                path,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(MODE)));
    }

    /** Whether the file exists and no other user can read or write it. */
    private static boolean isOurs(Path path) throws IOException {
        try {
            var attributes =
                    Files.readAttributes(
                            path,
                            "unix:uid,nlink,permissions,isRegularFile",
                            LinkOption.NOFOLLOW_LINKS);
            return Boolean.TRUE.equals(attributes.get("isRegularFile"))
                    && Integer.valueOf(OpenFiles.effectiveUser()).equals(attributes.get("uid"))
                    && Integer.valueOf(1).equals(attributes.get("nlink"))
                    && PosixFilePermissions.fromString(MODE).equals(attributes.get("permissions"));
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** Appends {@code bytes}. If that fails, some of them may have been written. */
    void append(byte[] bytes) throws IOException {
        writeAll(requireNonNull(channel, "the content was written"), bytes);
        length += bytes.length;
    }

    /**
     * Replaces the whole content with {@code bytes}, in one step. If that fails, the content stays.
     */
    void replace(byte[] bytes) throws IOException {
        var written = openOrMake(next);
        Object itsKey;
        try {
            writeAll(written, bytes);
            written.truncate(bytes.length);
            itsKey = key(next);
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            written.close();
            throw e;
        }
        var before = channel;
        channel = written;
        key = itsKey;
        length = bytes.length;
        spare = 0;
        if (before != null) {
            before.close();
        }
    }

    /**
     * Replaces the first line with {@code json}, which must be shorter. This takes no space: the
     * rest of the line becomes blank.
     */
    void replaceFirstLine(byte[] json) throws IOException {
        try (var line = FileChannel.open(file, READ_AND_WRITE)) {
            var old = ByteBuffer.allocate(BLOCK);
            line.read(old, 0);
            int size = new String(old.array(), StandardCharsets.ISO_8859_1).indexOf('\n');
            if (size < json.length) {
                throw new IOException("its first line is too short");
            }
            var blank = Arrays.copyOf(json, size);
            Arrays.fill(blank, json.length, size, (byte) ' ');
            writeAll(line, blank);
        }
    }

    /**
     * Whether somebody has removed the file, or put another one in its place, which would lack all
     * further lines; or has removed the space that is kept for it.
     */
    boolean isMissing() throws IOException {
        var there = key(file);
        return there == null
                || (channel != null && !there.equals(key))
                || (spare > 0 && !isOurs(next));
    }

    /** The device and inode of {@code path} itself; null if nothing is there. */
    private static @Nullable Object key(Path path) throws IOException {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .fileKey();
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /** The number of bytes for which space is kept. */
    long spare() {
        return spare;
    }

    /** The size of the content that this object wrote, in bytes. */
    long length() {
        return length;
    }

    /** Keeps space for a content of {@code bytes}. */
    void keepSpace(long bytes) throws IOException {
        if (bytes <= spare) {
            return;
        }
        long wanted = (2 * bytes + BLOCK - 1) / BLOCK * BLOCK;
        try (var space = openOrMake(next)) {
            spare = space.size();
            var zeros = ByteBuffer.allocate(ZEROS);
            while (spare < wanted) {
                zeros.clear().limit((int) Math.min(ZEROS, wanted - spare));
                spare += space.write(zeros, spare);
            }
        }
    }

    private static void writeAll(FileChannel channel, byte[] bytes) throws IOException {
        var buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /** The reason of {@code e}, for people. */
    static String reason(IOException e) {
        return switch (e) {
            case AccessDeniedException denied -> "permission denied: " + denied.getFile();
            case NoSuchFileException missing -> "no such directory: " + missing.getFile();
            case FileSystemException other ->
                    Objects.requireNonNullElse(other.getReason(), other.getFile());
            default -> Objects.requireNonNullElse(e.getMessage(), e.toString());
        };
    }

    /** Closes the file. The space that is kept for it stays for the next process. */
    @Override
    public void close() throws IOException {
        if (channel != null) {
            channel.close();
        }
    }
}
