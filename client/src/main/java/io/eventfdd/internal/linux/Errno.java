package io.eventfdd.internal.linux;

import java.util.Map;

/**
 * errno(3): the numbers that the code tells apart, and the symbolic names of all that the calls of
 * this package give. The numbers are those of x86_64 and aarch64.
 */
public final class Errno {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int ESRCH = 3;
    public static final int EINTR = 4;
    public static final int EBADF = 9;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EINVAL = 22;
    public static final int ENFILE = 23;
    public static final int EMFILE = 24;
    public static final int ENOTTY = 25;
    public static final int ENOSPC = 28;
    public static final int EPIPE = 32;
    public static final int ERANGE = 34;
    public static final int ENAMETOOLONG = 36;
    public static final int ENODATA = 61;
    public static final int ENOTSOCK = 88;
    public static final int ENOPROTOOPT = 92;
    public static final int ECONNABORTED = 103;
    public static final int ECONNRESET = 104;
    public static final int ENOTCONN = 107;
    public static final int ETOOMANYREFS = 109;
    public static final int ETIMEDOUT = 110;

    private static final Map<Integer, String> NAMES =
            Map.ofEntries(
                    Map.entry(EPERM, "EPERM"),
                    Map.entry(ENOENT, "ENOENT"),
                    Map.entry(ESRCH, "ESRCH"),
                    Map.entry(EINTR, "EINTR"),
                    Map.entry(5, "EIO"),
                    Map.entry(7, "E2BIG"),
                    Map.entry(8, "ENOEXEC"),
                    Map.entry(EBADF, "EBADF"),
                    Map.entry(EAGAIN, "EAGAIN"),
                    Map.entry(ENOMEM, "ENOMEM"),
                    Map.entry(13, "EACCES"),
                    Map.entry(14, "EFAULT"),
                    Map.entry(16, "EBUSY"),
                    Map.entry(17, "EEXIST"),
                    Map.entry(20, "ENOTDIR"),
                    Map.entry(21, "EISDIR"),
                    Map.entry(EINVAL, "EINVAL"),
                    Map.entry(ENFILE, "ENFILE"),
                    Map.entry(EMFILE, "EMFILE"),
                    Map.entry(ENOTTY, "ENOTTY"),
                    Map.entry(26, "ETXTBSY"),
                    Map.entry(ENOSPC, "ENOSPC"),
                    Map.entry(EPIPE, "EPIPE"),
                    Map.entry(ERANGE, "ERANGE"),
                    Map.entry(ENAMETOOLONG, "ENAMETOOLONG"),
                    Map.entry(38, "ENOSYS"),
                    Map.entry(40, "ELOOP"),
                    Map.entry(ENODATA, "ENODATA"),
                    Map.entry(ENOTSOCK, "ENOTSOCK"),
                    Map.entry(90, "EMSGSIZE"),
                    Map.entry(91, "EPROTOTYPE"),
                    Map.entry(ENOPROTOOPT, "ENOPROTOOPT"),
                    Map.entry(95, "EOPNOTSUPP"),
                    Map.entry(98, "EADDRINUSE"),
                    Map.entry(ECONNABORTED, "ECONNABORTED"),
                    Map.entry(ECONNRESET, "ECONNRESET"),
                    Map.entry(105, "ENOBUFS"),
                    Map.entry(106, "EISCONN"),
                    Map.entry(ENOTCONN, "ENOTCONN"),
                    Map.entry(ETOOMANYREFS, "ETOOMANYREFS"),
                    Map.entry(ETIMEDOUT, "ETIMEDOUT"),
                    Map.entry(111, "ECONNREFUSED"));

    private Errno() {}

    /** The symbolic name, or the number if this table has none. */
    static String name(int errno) {
        return NAMES.getOrDefault(errno, "errno " + errno);
    }
}
