package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.util.Optional;

/**
 * An eventfd of the kernel. Counts are unsigned 64-bit numbers in a {@code long}. The caller keeps
 * the descriptor open during each call, because it owns it or has {@linkplain Fd#acquire acquired}
 * it.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/eventfd.2.html">eventfd(2)</a>
 */
public final class EventFd implements AutoCloseable {
    private static final int EFD_SEMAPHORE = 1;
    private static final int EFD_NONBLOCK = 0x800;
    private static final int EFD_CLOEXEC = 0x80000;

    /** The largest count that a write can reach, unsigned. */
    private static final long MAX_COUNT = -2;

    private static final String COUNT_FIELD = "eventfd-count:";
    private static final String ID_FIELD = "eventfd-id:";
    private static final String SEMAPHORE_FIELD = "eventfd-semaphore:";

    private final Fd fd;

    private EventFd(Fd fd) {
        this.fd = fd;
    }

    /**
     * Creates an eventfd, which is close-on-exec from the start.
     *
     * @param initial the first count, 0 to 4294967295
     */
    public static EventFd create(long initial, boolean semaphore, boolean nonblocking)
            throws ErrnoException {
        int flags =
                EFD_CLOEXEC | (semaphore ? EFD_SEMAPHORE : 0) | (nonblocking ? EFD_NONBLOCK : 0);
        int number = LIBC.eventfd((int) initial, flags);
        if (number < 0) {
            throw ErrnoException.ofLast(
                    "eventfd(" + initial + ", 0x" + Integer.toHexString(flags) + ")");
        }
        return new EventFd(Fd.adopt(number));
    }

    /** Takes over a descriptor of an eventfd, as from SCM_RIGHTS. */
    public static EventFd adopt(Fd fd) {
        return new EventFd(fd);
    }

    /** The descriptor. */
    public Fd fd() {
        return fd;
    }

    /**
     * Adds {@code value} to the count. It returns false, and has added nothing, if there is no room
     * and O_NONBLOCK is set, or if a signal interrupted the call while it waited for room. It
     * blocks if O_NONBLOCK is clear and there is no room.
     *
     * @param value 1 to 2^64-2
     */
    public boolean write(long value) throws ErrnoException {
        int result = SignalCalls.FASTEST.write(fd.number(), value);
        if (result == 0) {
            return true;
        }
        if (result == -Errno.EAGAIN || result == -Errno.EINTR) {
            return false;
        }
        throw ErrnoException.of(
                "eventfd_write(" + fd + ", " + Long.toUnsignedString(value) + ")", -result);
    }

    /**
     * Takes the count, or 1 in semaphore mode. It returns 0 if the count is 0 and O_NONBLOCK is
     * set, or if a signal interrupted the call. It blocks if O_NONBLOCK is clear and the count is
     * 0.
     */
    public long read() throws ErrnoException {
        var value = new long[1];
        return LIBC.eventfd_read(fd.number(), value) == 0
                ? value[0]
                : nothing("eventfd_read", LIBC.errno());
    }

    /**
     * As {@link #read()}, but never blocks, whatever flags any holder has set on the open file
     * description.
     */
    public long readNow(ReadBuffer buffer) throws ErrnoException {
        long value = SignalCalls.FASTEST.readNow(fd.number(), buffer);
        return value != 0 ? value : nothing("preadv2", buffer.errno());
    }

    /** As {@link #readNow}, but takes up to {@code most} permits in semaphore mode. */
    public long readNow(boolean semaphore, int most, ReadBuffer buffer) throws ErrnoException {
        long taken = 0;
        long value;
        do {
            value = readNow(buffer);
            taken += value;
        } while (value != 0 && taken < most && semaphore);
        return taken;
    }

    private long nothing(String call, int errno) throws ErrnoException {
        if (errno == Errno.EAGAIN || errno == Errno.EINTR) {
            return 0;
        }
        throw ErrnoException.of(call + "(" + fd + ")", errno);
    }

    /** Whether the count is not 0 at this moment. */
    public boolean isReadable() throws ErrnoException {
        int result = SignalCalls.FASTEST.isReadable(fd.number());
        if (result >= 0 || result == -Errno.EINTR) {
            return result == 1;
        }
        throw ErrnoException.of("poll(" + fd + ")", -result);
    }

    /**
     * The count at this moment, without taking it: the {@code eventfd-count} of proc(5)'s fdinfo,
     * which is hexadecimal.
     */
    public long count() throws ErrnoException {
        return parseCount(FdInfo.of(fd));
    }

    /**
     * Whether {@code value} could be added at this moment. The answer may be out of date when it
     * arrives, because others write too.
     *
     * @param value 1 to 2^64-2, unsigned
     */
    public boolean hasRoomFor(long value) throws ErrnoException {
        return Long.compareUnsigned(count(), MAX_COUNT - value) <= 0;
    }

    /** The count in the text of an eventfd's fdinfo, as in {@code eventfd-count: 2a}. */
    static long parseCount(String fdinfo) throws ErrnoException {
        return Long.parseUnsignedLong(field(fdinfo, COUNT_FIELD), 16);
    }

    private static String field(String fdinfo, String name) throws ErrnoException {
        int at = fdinfo.indexOf(name);
        int end = fdinfo.indexOf('\n', at);
        if (at < 0 || end < 0) {
            throw ErrnoException.of("not the fdinfo of an eventfd with " + name, Errno.EINVAL);
        }
        return fdinfo.substring(at + name.length(), end).strip();
    }

    /** Whether {@code fd}, of which nothing is known, is a descriptor of an eventfd. */
    public static boolean isEventfd(Fd fd) {
        return fd.isAnonymous("[eventfd]");
    }

    /**
     * Whether a read takes 1 rather than all. The kernel tells this from Linux 6.5 on.
     *
     * @return empty if the kernel does not tell
     */
    public Optional<Boolean> isSemaphore() throws ErrnoException {
        var info = FdInfo.of(fd);
        return info.contains(SEMAPHORE_FIELD)
                ? Optional.of(field(info, SEMAPHORE_FIELD).equals("1"))
                : Optional.empty();
    }

    /**
     * Whether {@code other} is the same kernel object. If the process may not use kcmp(2), the
     * eventfd-id of proc(5) decides. The kernel gives that number to another eventfd only when the
     * first one is gone, and here both are open.
     */
    public boolean isSameAs(EventFd other) throws ErrnoException {
        var order = fd.compare(other.fd);
        return order.isPresent() ? order.getAsInt() == 0 : id() == other.id();
    }

    /**
     * The kernel's number for the object. No other eventfd has it as long as this one is open
     * anywhere; later another one may get it.
     */
    public long id() throws ErrnoException {
        return parseId(FdInfo.of(fd));
    }

    /** The {@link #id} in the text of an eventfd's fdinfo, of any process. */
    public static long parseId(String fdinfo) throws ErrnoException {
        return Long.parseLong(field(fdinfo, ID_FIELD));
    }

    @Override
    public void close() {
        fd.close();
    }

    @Override
    public String toString() {
        return "eventfd " + fd.number();
    }
}
