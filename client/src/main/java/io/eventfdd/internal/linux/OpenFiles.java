package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The process's limit of open files, RLIMIT_NOFILE.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/getrlimit.2.html">getrlimit(2)</a>
 */
public final class OpenFiles {
    private static final int RLIMIT_NOFILE = 7;
    private static final int F_DUPFD_CLOEXEC = 1030;

    private OpenFiles() {}

    /** Raises the soft limit to the hard one, and returns it. */
    public static long raiseLimit() throws ErrnoException {
        var limit = new long[2];
        if (LIBC.getrlimit(RLIMIT_NOFILE, limit) < 0) {
            throw ErrnoException.ofLast("getrlimit(RLIMIT_NOFILE)");
        }
        if (limit[0] != limit[1]) {
            limit[0] = limit[1];
            if (LIBC.setrlimit(RLIMIT_NOFILE, limit) < 0) {
                throw ErrnoException.ofLast("setrlimit(RLIMIT_NOFILE)");
            }
        }
        return limit[0] < 0 ? Long.MAX_VALUE : limit[0];
    }

    /**
     * Grows the kernel's table to {@code size} descriptors now. Later, each doubling would stall
     * eventfd(2) and accept(2) for milliseconds, because a process with threads has to wait for all
     * readers of the table.
     */
    public static void growTable(int size) throws ErrnoException {
        int high = LIBC.fcntl(0, F_DUPFD_CLOEXEC, size - 1L);
        if (high < 0) {
            throw ErrnoException.ofLast("fcntl(F_DUPFD_CLOEXEC, " + (size - 1) + ")");
        }
        LIBC.close(high);
    }

    /**
     * Keeps a descriptor in reserve from now on, so that {@link EventFd#count} works without
     * another one.
     */
    public static void keepReserve() {
        FdInfo.keepReserve();
    }

    /**
     * The number of descriptors that this process has open, plus one for each jar of its class path
     * that is not open yet: the JVM opens a jar when it first needs a class of it.
     */
    public static int inUse() throws IOException {
        var open = new HashSet<String>();
        int count = 0;
        try (var links = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (var link : links) {
                open.add(target(link));
                count++;
            }
        }
        int ownDirectory = 1;
        return count - ownDirectory + jarsToCome(open);
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return ""; // closed meanwhile
        }
    }

    private static int jarsToCome(Set<String> open) {
        var entries = System.getProperty("java.class.path", "");
        return (int)
                Pattern.compile(File.pathSeparator, Pattern.LITERAL)
                        .splitAsStream(entries)
                        .filter(entry -> entry.endsWith(".jar"))
                        .filter(entry -> !open.contains(realPath(entry)))
                        .count();
    }

    private static String realPath(String file) {
        try {
            return Path.of(file).toRealPath().toString();
        } catch (IOException e) {
            return file; // it does not exist, and counts as one that will be opened
        }
    }

    /** The effective user of this process. */
    public static int effectiveUser() {
        return LIBC.geteuid();
    }
}
