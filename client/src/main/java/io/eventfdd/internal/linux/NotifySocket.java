package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * The socket on which a service reports its state to the service manager, and gives it descriptors
 * to keep (AF_UNIX, SOCK_DGRAM). One thread at a time sends.
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/sd_notify.3.html">sd_notify(3)</a>
 */
public final class NotifySocket implements AutoCloseable {
    private static final int SOCK_DGRAM = 2;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int LONGEST = 4096;

    private final Fd fd;
    private final PacketBuffer buffer = new PacketBuffer(LONGEST, 1);

    private NotifySocket(Fd fd) {
        this.fd = fd;
    }

    /**
     * Connects to the service manager.
     *
     * @param address the value of NOTIFY_SOCKET: a path, or a name in the abstract namespace after
     *     {@code @}
     * @param patience how long a send waits while the service manager's queue is full
     */
    public static NotifySocket connect(String address, Duration patience) throws ErrnoException {
        var path = address.getBytes(StandardCharsets.UTF_8);
        var call = "connect(" + address + ")";
        if (path.length < 2
                || path.length >= UnixAddress.SUN_PATH
                || (path[0] != '/' && path[0] != '@')) {
            throw ErrnoException.of(call, Errno.EINVAL);
        }
        boolean isAbstract = path[0] == '@';
        if (isAbstract) {
            path[0] = 0;
        }
        var sockaddr = isAbstract ? UnixAddress.ofAbstract(path) : UnixAddress.ofPath(path);
        int number = LIBC.socket(Libc.AF_UNIX, SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0);
        if (number < 0) {
            throw ErrnoException.ofLast("socket(AF_UNIX, SOCK_DGRAM)");
        }
        var fd = Fd.adopt(number);
        try {
            if (LIBC.connect(number, sockaddr, sockaddr.length) < 0) {
                throw ErrnoException.ofLast(call);
            }
            SendTimeout.set(fd, patience.toNanos());
        } catch (ErrnoException e) {
            fd.close();
            throw e;
        }
        return new NotifySocket(fd);
    }

    /**
     * Sends {@code message} with {@code fds}.
     *
     * @param message assignments, one in each line
     * @param fds at most one, which the caller keeps open during the call
     * @param waits whether to wait for room in the service manager's queue
     */
    public void send(String message, List<Fd> fds, boolean waits) throws ErrnoException {
        int flags = MSG_NOSIGNAL | (waits ? 0 : MSG_DONTWAIT);
        buffer.put(message.getBytes(StandardCharsets.UTF_8), fds);
        while (LIBC.sendmsg(fd.number(), buffer.message(), flags) < 0) {
            if (LIBC.errno() != Errno.EINTR) {
                throw ErrnoException.ofLast("sendmsg(" + fd + ", " + message.strip() + ")");
            }
        }
    }

    @Override
    public void close() {
        fd.close();
    }
}
