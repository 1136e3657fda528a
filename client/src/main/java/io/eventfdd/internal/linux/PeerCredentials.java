package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.util.Arrays;
import java.util.List;

/**
 * The credentials of the process that connected a Unix socket, as the kernel saw them at
 * connect(2).
 *
 * @param pid the process ID; 0 if the process is in a foreign PID namespace, so never a reason to
 *     allow anything
 * @param uid the effective user
 * @param gid the effective group
 * @param groups the supplementary groups
 * @see <a href="https://man7.org/linux/man-pages/man7/unix.7.html">unix(7), SO_PEERCRED</a>
 */
public record PeerCredentials(int pid, int uid, int gid, List<Integer> groups) {
    private static final int SO_PEERCRED = 17;
    private static final int SO_PEERGROUPS = 59;

    /** Copies the groups. */
    public PeerCredentials {
        groups = List.copyOf(groups);
    }

    /** The peer of the connected socket {@code socketFd}. */
    public static PeerCredentials of(int socketFd) throws ErrnoException {
        var credentials = new int[3];
        if (LIBC.getsockopt(
                        socketFd,
                        Libc.SOL_SOCKET,
                        SO_PEERCRED,
                        credentials,
                        new int[] {bytes(credentials)})
                < 0) {
            throw ErrnoException.ofLast("getsockopt(fd=" + socketFd + ", SO_PEERCRED)");
        }
        return new PeerCredentials(
                credentials[0], credentials[1], credentials[2], groupsOf(socketFd));
    }

    private static List<Integer> groupsOf(int socketFd) throws ErrnoException {
        var groups = new int[64];
        while (true) {
            var length = new int[] {bytes(groups)};
            if (LIBC.getsockopt(socketFd, Libc.SOL_SOCKET, SO_PEERGROUPS, groups, length) == 0) {
                return Arrays.stream(groups, 0, length[0] / Integer.BYTES).boxed().toList();
            }
            var failure = ErrnoException.ofLast("getsockopt(fd=" + socketFd + ", SO_PEERGROUPS)");
            if (!failure.is(Errno.ERANGE) || length[0] <= bytes(groups)) {
                throw failure;
            }
            groups = new int[length[0] / Integer.BYTES];
        }
    }

    private static int bytes(int[] array) {
        return array.length * Integer.BYTES;
    }

    /** Whether the user is in {@code group}, by its effective or a supplementary one. */
    public boolean isIn(int group) {
        return gid == group || groups.contains(group);
    }
}
