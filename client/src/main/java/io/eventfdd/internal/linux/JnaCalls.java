package io.eventfdd.internal.linux;

import com.sun.jna.Native;

/** The calls of a signal by JNA, on every JVM. */
final class JnaCalls implements SignalCalls {
    @Override
    public int write(int fd, long value) {
        return Libc.eventfd_write(fd, value) == 0 ? 0 : -Native.getLastError();
    }

    @Override
    public long readNow(int fd, ReadBuffer buffer) {
        if (Libc.preadv2(fd, buffer.iovec(), 1, -1, ReadBuffer.RWF_NOWAIT) == Long.BYTES) {
            return buffer.value();
        }
        buffer.errno(Native.getLastError());
        return 0;
    }

    @Override
    public int isReadable(int fd) {
        var pollfd = new long[] {Readiness.pollfd(fd)};
        return Libc.poll(pollfd, 1, 0) < 0
                ? -Native.getLastError()
                : Readiness.isReadable(pollfd[0]);
    }

    @Override
    public int statusFlags(int fd) {
        int flags = Libc.fcntl(fd, F_GETFL, 0);
        return flags >= 0 ? flags : -Native.getLastError();
    }

    @Override
    public void yieldToOthers() {
        Libc.sched_yield();
    }
}
