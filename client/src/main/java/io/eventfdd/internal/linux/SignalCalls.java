package io.eventfdd.internal.linux;

/**
 * The system calls of a signal, of a wait, of a packet and of the hand-out of a descriptor, for
 * which each nanosecond counts. Safe for all threads.
 */
interface SignalCalls {
    /** The fastest implementation in this JVM. */
    SignalCalls FASTEST = Binding.fastest();

    /** The command of fcntl(2) that {@link #statusFlags} uses. */
    int F_GETFL = 3;

    /** The request of ioctl(2) that {@link #untaken} uses. */
    long SIOCOUTQ = 0x5411;

    /** eventfd_write(3): 0, or the negated errno. */
    int write(int fd, long value);

    /**
     * A read that never blocks, preadv2(2) with RWF_NOWAIT. It returns the value that was taken, or
     * 0; then the buffer has the errno.
     */
    long readNow(int fd, ReadBuffer buffer);

    /**
     * poll(2) of one descriptor without waiting: 1 if it is readable, otherwise 0 or the negated
     * errno.
     */
    int isReadable(int fd);

    /**
     * poll(2) of the {@code count} descriptors at {@code pollfds}. It returns how many are ready,
     * or the negated errno; 0 also if a signal interrupted it.
     */
    int poll(long pollfds, long count, int timeoutMillis);

    /**
     * epoll_wait(2) with room for {@code capacity} events at {@code events}. It returns how many
     * there are, or the negated errno; 0 also if a signal interrupted it.
     */
    int epollWait(int epoll, long events, int capacity, int timeoutMillis);

    /** fcntl(2)'s F_GETFL: the flags of the open file description, or the negated errno. */
    int statusFlags(int fd);

    /** sendmsg(2) of the message in {@code buffer}: the size, or the negated errno. */
    long sendmsg(int fd, PacketBuffer buffer, int flags);

    /** recvmsg(2) into {@code buffer}: the size, or the negated errno. */
    long recvmsg(int fd, PacketBuffer buffer, int flags);

    /** send(2) of the bytes in {@code buffer}: the size, or the negated errno. */
    long send(int fd, PacketBuffer buffer, int flags);

    /** recv(2) of bytes into {@code buffer}: the size, or the negated errno. */
    long recv(int fd, PacketBuffer buffer, int flags);

    /** ioctl(2)'s SIOCOUTQ: the bytes that the peer has not taken yet, or the negated errno. */
    int untaken(int fd);

    /** sched_yield(2). */
    void yieldToOthers();
}
