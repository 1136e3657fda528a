package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

/** The calls of a signal as {@link Libc} has them. */
final class LibcCalls implements SignalCalls {
    @Override
    public int write(int fd, long value) {
        return LIBC.eventfd_write(fd, value) == 0 ? 0 : -LIBC.errno();
    }

    @Override
    public long readNow(int fd, ReadBuffer buffer) {
        if (LIBC.preadv2(fd, buffer.iovec(), 1, -1, ReadBuffer.RWF_NOWAIT) == Long.BYTES) {
            return buffer.value();
        }
        buffer.errno(LIBC.errno());
        return 0;
    }

    @Override
    public int isReadable(int fd) {
        var pollfd = new long[] {Readiness.pollfd(fd)};
        return LIBC.poll(pollfd, 1, 0) < 0 ? -LIBC.errno() : Readiness.isReadable(pollfd[0]);
    }

    @Override
    public int poll(long pollfds, long count, int timeoutMillis) {
        return unlessInterrupted(LIBC.poll(pollfds, count, timeoutMillis));
    }

    @Override
    public int epollWait(int epoll, long events, int capacity, int timeoutMillis) {
        return unlessInterrupted(LIBC.epoll_wait(epoll, events, capacity, timeoutMillis));
    }

    private static int unlessInterrupted(int ready) {
        if (ready >= 0) {
            return ready;
        }
        int errno = LIBC.errno();
        return errno == Errno.EINTR ? 0 : -errno;
    }

    @Override
    public int statusFlags(int fd) {
        int flags = LIBC.fcntl(fd, F_GETFL, 0);
        return flags >= 0 ? flags : -LIBC.errno();
    }

    @Override
    public long sendmsg(int fd, PacketBuffer buffer, int flags) {
        long size = LIBC.sendmsg(fd, buffer.message(), flags);
        return size >= 0 ? size : -LIBC.errno();
    }

    @Override
    public long recvmsg(int fd, PacketBuffer buffer, int flags) {
        long size = LIBC.recvmsg(fd, buffer.message(), flags);
        return size >= 0 ? size : -LIBC.errno();
    }

    @Override
    public long send(int fd, PacketBuffer buffer, int flags) {
        long size = LIBC.send(fd, buffer.data(), buffer.length(), flags);
        return size >= 0 ? size : -LIBC.errno();
    }

    @Override
    public long recv(int fd, PacketBuffer buffer, int flags) {
        long size = LIBC.recv(fd, buffer.data(), buffer.length(), flags);
        return size >= 0 ? size : -LIBC.errno();
    }

    @Override
    public int untaken(int fd) {
        var untaken = new int[1];
        return LIBC.ioctl(fd, SIOCOUTQ, untaken) < 0 ? -LIBC.errno() : untaken[0];
    }

    @Override
    public void yieldToOthers() {
        LIBC.sched_yield();
    }
}
