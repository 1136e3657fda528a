package io.eventfdd.internal.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;

/** The open descriptors of this process, as /proc has them. */
final class Descriptors {
    private static final Path DIRECTORY = Path.of("/proc/self/fd");

    /** What is open for as long is no pipe to a process that has just ended. */
    private static final Duration LASTING = Duration.ofSeconds(10);

    static {
        // With its first channel of a file, Java 17 opens a socket for itself, and keeps it.
        info(0, "flags");
    }

    private Descriptors() {}

    /**
     * What each descriptor is; without those of files and directories, which the JVM opens and
     * closes when it wants to.
     */
    static Map<Integer, String> open() throws IOException {
        var found = new TreeMap<Integer, String>();
        try (var links = Files.newDirectoryStream(DIRECTORY)) {
            for (var link : links) {
                var what = target(link);
                if (!what.isEmpty() && !what.startsWith("/")) {
                    found.put(Integer.parseInt(link.getFileName().toString()), what);
                }
            }
        }
        return found;
    }

    /**
     * What is open now, was not {@code before} and stays open. What other classes left open may be
     * closed meanwhile, since the garbage collector decides when. What runs the tests starts a
     * process now and then, to see whether its parent lives, and has the pipes of it for a moment.
     */
    static Map<Integer, String> openedSince(Map<Integer, String> before) throws IOException {
        long end = System.nanoTime() + LASTING.toNanos();
        var opened = opened(before);
        while (!opened.isEmpty() && System.nanoTime() < end) {
            LockSupport.parkNanos(1_000_000);
            opened = opened(before);
        }
        return opened;
    }

    private static Map<Integer, String> opened(Map<Integer, String> before) throws IOException {
        var now = open();
        now.entrySet().removeAll(before.entrySet());
        return now;
    }

    /** Whether descriptor {@code number} is open. */
    static boolean isOpen(int number) {
        return !target(DIRECTORY.resolve(Integer.toString(number))).isEmpty();
    }

    /** The line of fdinfo that begins with {@code field} and a colon, or nothing. */
    static String info(int number, String field) {
        try (var lines = Files.lines(Path.of("/proc/self/fdinfo/" + number))) {
            return lines.filter(line -> line.startsWith(field + ":"))
                    .map(line -> line.substring(field.length() + 1).strip())
                    .findFirst()
                    .orElse("");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException closedMeanwhile) {
            return "";
        }
    }
}
