package io.eventfdd.internal.linux;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * {@link LibcCalls} for a process that wants a fast start. Once it has exchanged very many packets
 * or looked at very many flags, as a daemon does that hands out descriptors all the time, its calls
 * go by {@link ForeignCalls}. Another thread binds these, because that takes a tenth of a second
 * and some megabytes, which no other process has to spend.
 */
final class LateForeignCalls implements SignalCalls {
    /** By then the calls have taken a third as long as the binding does. */
    private static final int OFTEN = 100_000;

    private final SignalCalls libc = new LibcCalls();
    private final AtomicInteger calls = new AtomicInteger();
    private volatile SignalCalls fastest = libc;

    private SignalCalls counted() {
        var current = fastest;
        if (current == libc && calls.incrementAndGet() == OFTEN) {
            var thread = new Thread(this::bind, "eventfdd-binding");
            thread.setDaemon(true);
            thread.setContextClassLoader(null);
            thread.start();
        }
        return current;
    }

    private void bind() {
        fastest = new ForeignCalls();
    }

    @Override
    public int statusFlags(int fd) {
        return counted().statusFlags(fd);
    }

    @Override
    public long sendmsg(int fd, PacketBuffer buffer, int flags) {
        return counted().sendmsg(fd, buffer, flags);
    }

    @Override
    public long recvmsg(int fd, PacketBuffer buffer, int flags) {
        return counted().recvmsg(fd, buffer, flags);
    }

    @Override
    public long send(int fd, PacketBuffer buffer, int flags) {
        return counted().send(fd, buffer, flags);
    }

    @Override
    public long recv(int fd, PacketBuffer buffer, int flags) {
        return counted().recv(fd, buffer, flags);
    }

    @Override
    public int untaken(int fd) {
        return fastest.untaken(fd);
    }

    /** A write that an alarm interrupted must not begin once more, as {@link ForeignCalls} do. */
    @Override
    public int write(int fd, long value) {
        return libc.write(fd, value);
    }

    @Override
    public long readNow(int fd, ReadBuffer buffer) {
        return fastest.readNow(fd, buffer);
    }

    @Override
    public int isReadable(int fd) {
        return fastest.isReadable(fd);
    }

    @Override
    public int poll(long pollfds, long count, int timeoutMillis) {
        return fastest.poll(pollfds, count, timeoutMillis);
    }

    @Override
    public int epollWait(int epoll, long events, int capacity, int timeoutMillis) {
        return fastest.epollWait(epoll, events, capacity, timeoutMillis);
    }

    @Override
    public void yieldToOthers() {
        fastest.yieldToOthers();
    }
}
