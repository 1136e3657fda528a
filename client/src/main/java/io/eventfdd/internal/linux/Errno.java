package io.eventfdd.internal.linux;

import java.util.Map;

/** errno(3) in words: the symbolic names of those that the calls of this package give. */
final class Errno {
    private static final Map<Integer, String> NAMES =
            Map.ofEntries(
                    Map.entry(1, "EPERM"),
                    Map.entry(2, "ENOENT"),
                    Map.entry(3, "ESRCH"),
                    Map.entry(4, "EINTR"),
                    Map.entry(5, "EIO"),
                    Map.entry(7, "E2BIG"),
                    Map.entry(8, "ENOEXEC"),
                    Map.entry(9, "EBADF"),
                    Map.entry(11, "EAGAIN"),
                    Map.entry(12, "ENOMEM"),
                    Map.entry(13, "EACCES"),
                    Map.entry(14, "EFAULT"),
                    Map.entry(16, "EBUSY"),
                    Map.entry(17, "EEXIST"),
                    Map.entry(20, "ENOTDIR"),
                    Map.entry(21, "EISDIR"),
                    Map.entry(22, "EINVAL"),
                    Map.entry(23, "ENFILE"),
                    Map.entry(24, "EMFILE"),
                    Map.entry(25, "ENOTTY"),
                    Map.entry(26, "ETXTBSY"),
                    Map.entry(28, "ENOSPC"),
                    Map.entry(32, "EPIPE"),
                    Map.entry(34, "ERANGE"),
                    Map.entry(36, "ENAMETOOLONG"),
                    Map.entry(38, "ENOSYS"),
                    Map.entry(40, "ELOOP"),
                    Map.entry(61, "ENODATA"),
                    Map.entry(88, "ENOTSOCK"),
                    Map.entry(90, "EMSGSIZE"),
                    Map.entry(91, "EPROTOTYPE"),
                    Map.entry(92, "ENOPROTOOPT"),
                    Map.entry(95, "EOPNOTSUPP"),
                    Map.entry(98, "EADDRINUSE"),
                    Map.entry(103, "ECONNABORTED"),
                    Map.entry(104, "ECONNRESET"),
                    Map.entry(105, "ENOBUFS"),
                    Map.entry(106, "EISCONN"),
                    Map.entry(107, "ENOTCONN"),
                    Map.entry(109, "ETOOMANYREFS"),
                    Map.entry(110, "ETIMEDOUT"),
                    Map.entry(111, "ECONNREFUSED"));

    private Errno() {}

    /** The symbolic name, or the number if this table has none. */
    static String name(int errno) {
        return NAMES.getOrDefault(errno, "errno " + errno);
    }
}
