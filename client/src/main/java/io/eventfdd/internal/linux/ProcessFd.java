package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Processes by their pidfds. A pidfd names one process only, even if its process ID is used again.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/pidfd_open.2.html">pidfd_open(2)</a>
 */
public final class ProcessFd {
    private static final int SO_PEERPIDFD = 77;

    /** The number of pidfd_open(2), which all architectures share. */
    private static final long PIDFD_OPEN = 434;

    /** The fields of stat that follow the command's name begin with number 3. */
    private static final int FIRST_FIELD = 3;

    private static final int START_TIME = 22;
    private static final int LONGEST_STAT = 1024;

    private ProcessFd() {}

    /**
     * The process that connected {@code socket}; empty if it has ended and was reaped.
     *
     * @throws ErrnoException ENOPROTOOPT if the kernel is older than 6.5
     */
    public static Optional<Fd> ofPeer(Fd socket) throws ErrnoException {
        var pidfd = new int[1];
        if (LIBC.getsockopt(
                        socket.number(),
                        Libc.SOL_SOCKET,
                        SO_PEERPIDFD,
                        pidfd,
                        new int[] {Integer.BYTES})
                == 0) {
            return Optional.of(Fd.adopt(pidfd[0]));
        }
        var failure = ErrnoException.ofLast("getsockopt(" + socket + ", SO_PEERPIDFD)");
        if (failure.is(Errno.ESRCH) || failure.is(Errno.EINVAL) || failure.is(Errno.ENODATA)) {
            return Optional.empty();
        }
        throw failure;
    }

    /** The process that has {@code pid} now; empty if there is none. */
    public static Optional<Fd> open(int pid) throws ErrnoException {
        long pidfd = LIBC.syscall(PIDFD_OPEN, pid, 0, 0, 0, 0);
        if (pidfd >= 0) {
            return Optional.of(Fd.adopt((int) pidfd));
        }
        var failure = ErrnoException.ofLast("pidfd_open(" + pid + ")");
        if (failure.is(Errno.ESRCH) || failure.is(Errno.EINVAL)) {
            return Optional.empty();
        }
        throw failure;
    }

    /** Whether the process of {@code pidfd} runs; one that ended and was not reaped does not. */
    public static boolean isAlive(Fd pidfd) {
        var poll = new long[] {Readiness.pollfd(pidfd.number())};
        return LIBC.poll(poll, 1, 0) == 0 || Readiness.isReadable(poll[0]) == 0;
    }

    /**
     * The time at which the process {@code pid} started, in clock ticks since the system's start.
     * Together with it, a process ID names one process only. The result is empty if there is no
     * such process.
     *
     * @see <a
     *     href="https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html">proc_pid_stat(5)</a>
     */
    public static OptionalLong startTime(int pid) throws ErrnoException {
        var path = "/proc/" + pid + "/stat";
        int stat = LIBC.open((path + "\0").getBytes(StandardCharsets.US_ASCII), Libc.O_CLOEXEC, 0);
        if (stat < 0) {
            var failure = ErrnoException.ofLast("open(" + path + ")");
            if (failure.is(Errno.ENOENT) || failure.is(Errno.ESRCH)) {
                return OptionalLong.empty();
            }
            throw failure;
        }
        try {
            var text = new byte[LONGEST_STAT];
            long size = LIBC.read(stat, text, text.length);
            if (size < 0) {
                int errno = LIBC.errno();
                var failure = ErrnoException.of("read(" + path + ")", errno);
                if (failure.is(Errno.ESRCH)) {
                    return OptionalLong.empty();
                }
                throw failure;
            }
            return OptionalLong.of(
                    startTimeIn(new String(text, 0, (int) size, StandardCharsets.ISO_8859_1)));
        } finally {
            LIBC.close(stat);
        }
    }

    /** The name of a command may have spaces and parentheses, so the last parenthesis counts. */
    static long startTimeIn(String stat) {
        int from = stat.lastIndexOf(')') + 2;
        for (int field = FIRST_FIELD; field < START_TIME; field++) {
            from = stat.indexOf(' ', from) + 1;
        }
        return Long.parseLong(stat.substring(from, stat.indexOf(' ', from)));
    }
}
