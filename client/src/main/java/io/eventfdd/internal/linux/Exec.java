package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A program that this process becomes. It keeps the process ID, the environment, the standard
 * streams and the parent; nothing is left of the JVM.
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/exec.3.html">exec(3)</a>
 * @see <a href="https://man7.org/linux/man-pages/man3/sd_listen_fds.3.html">sd_listen_fds(3)</a>
 */
public final class Exec {
    /** The first descriptor after the standard streams: SD_LISTEN_FDS_START. */
    private static final int FIRST = 3;

    private static final int F_SETFD = 2;
    private static final int FD_CLOEXEC = 1;
    private static final int F_DUPFD_CLOEXEC = 1030;

    /** A file that nobody can execute. */
    private static final byte[] DIRECTORY = bytes("/");

    private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    private final List<byte[]> words;

    private Exec(List<byte[]> words) {
        this.words = words;
    }

    /**
     * The program that the last {@code count} words of this process's own command line are: name,
     * looked for on the PATH, and arguments. They are taken from there as the bytes that they are,
     * since what {@code main} was given is decoded in a way that may have lost some.
     */
    public static Exec ofLastWords(int count) throws IOException {
        var line = Files.readAllBytes(COMMAND_LINE);
        List<byte[]> words = new ArrayList<>();
        int begin = 0;
        for (int i = 0; i < line.length; i++) {
            if (line[i] == 0) {
                // with a terminating zero, as in C
                words.add(Arrays.copyOfRange(line, begin, i + 1));
                begin = i + 1;
            }
        }
        if (count < 1 || count > words.size()) {
            throw new IllegalArgumentException(count + " of " + words.size() + " words");
        }
        return new Exec(words.subList(words.size() - count, words.size()));
    }

    /**
     * Becomes the program. It returns only with an exception; then everything is as before, except
     * for the variables.
     *
     * @param fds the descriptors that it has as 3, 4, … besides 0, 1 and 2
     * @param inherited which other descriptors are passed on, if no one of {@code fds} has their
     *     number
     * @param variables what is set in its environment besides what is there; an empty value removes
     *     a variable
     * @throws ErrnoException ENOENT if there is no such program, another errno if it cannot be run
     */
    public void become(List<Fd> fds, Set<Integer> inherited, Map<String, String> variables)
            throws IOException {
        for (var variable : variables.entrySet()) {
            set(variable.getKey(), variable.getValue());
        }
        passOnOnly(inherited);
        var arguments = arguments();
        var moved = new int[fds.size()];
        var displaced = new int[fds.size()];
        if (!fds.isEmpty()) {
            rehearse(fds.get(0).number(), arguments);
        }
        InheritedSignals.ofThisProcess().restore();
        for (int i = 0; i < moved.length; i++) {
            moved[i] = aside(fds.get(i).number(), FIRST + moved.length);
            displaced[i] = LIBC.fcntl(FIRST + i, F_DUPFD_CLOEXEC, (long) FIRST + moved.length);
        }
        throw ErrnoException.of(
                "execvp", execute(words.get(0), arguments, FIRST, moved, displaced));
    }

    /**
     * Makes all calls of {@link #execute} once, on descriptors that nobody needs. While others give
     * way no class may have to be loaded, and no function be bound: one of them may be the file
     * that the JVM reads its classes from.
     */
    private static void rehearse(int number, ByteBuffer arguments) throws ErrnoException {
        int place = aside(number, FIRST);
        execute(DIRECTORY, arguments, place, new int[] {aside(number, FIRST)}, new int[] {-1});
        int again = aside(number, FIRST);
        execute(
                DIRECTORY,
                arguments,
                again,
                new int[] {aside(number, FIRST)},
                new int[] {aside(number, FIRST)});
        LIBC.close(again);
    }

    private static void set(String variable, String value) throws ErrnoException {
        int failed =
                value.isEmpty()
                        ? LIBC.unsetenv(bytes(variable))
                        : LIBC.setenv(bytes(variable), bytes(value), 1);
        if (failed < 0) {
            throw ErrnoException.ofLast("setenv(" + variable + ")");
        }
    }

    /** An {@code argv}: the addresses of the words, zero, and behind them the words. */
    private ByteBuffer arguments() {
        int at = (words.size() + 1) * Long.BYTES;
        var memory =
                ByteBuffer.allocateDirect(at + words.stream().mapToInt(word -> word.length).sum())
                        .order(ByteOrder.nativeOrder());
        long address = LIBC.address(memory);
        for (var word : words) {
            memory.putLong(address + at).put(at, word);
            at += word.length;
        }
        return memory;
    }

    /**
     * Duplicates the descriptor {@code number}. Returns a number that is {@code least} or above.
     */
    private static int aside(int number, int least) throws ErrnoException {
        int copy = LIBC.fcntl(number, F_DUPFD_CLOEXEC, (long) least);
        if (copy < 0) {
            throw ErrnoException.ofLast("fcntl(fd=" + number + ", F_DUPFD_CLOEXEC)");
        }
        return copy;
    }

    /**
     * Becomes the program {@code file}, which has {@code moved} as {@code first} and so on.
     *
     * @param displaced copies of what is there now; negative if there is nothing
     * @return the errno, after it put back what it displaced and closed all copies
     */
    private static int execute(
            byte[] file, ByteBuffer arguments, int first, int[] moved, int[] displaced) {
        for (int i = 0; i < moved.length; i++) {
            LIBC.dup3(moved[i], first + i, 0);
        }
        int errno;
        try {
            LIBC.execvp(file, LIBC.address(arguments));
            errno = LIBC.errno();
        } finally {
            Reference.reachabilityFence(arguments);
        }
        for (int i = 0; i < moved.length; i++) {
            if (displaced[i] >= 0) {
                LIBC.dup3(displaced[i], first + i, Libc.O_CLOEXEC);
            }
        }
        for (int i = 0; i < moved.length; i++) {
            LIBC.close(displaced[i] >= 0 ? displaced[i] : first + i);
            LIBC.close(moved[i]);
        }
        return errno;
    }

    /** A JVM's own descriptors are not all close-on-exec. */
    private static void passOnOnly(Set<Integer> inherited) throws IOException {
        try (var descriptors = Files.list(DESCRIPTORS)) {
            for (var descriptor : descriptors.toList()) {
                int number = Integer.parseInt(descriptor.getFileName().toString());
                if (number >= FIRST && !inherited.contains(number)) {
                    // fails for the one that listed them, which is closed
                    LIBC.fcntl(number, F_SETFD, FD_CLOEXEC);
                }
            }
        }
    }

    private static byte[] bytes(String text) {
        return (text + "\0").getBytes(StandardCharsets.UTF_8);
    }
}
