package io.eventfdd.internal.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;

/**
 * The calls by java.lang.foreign, which the JIT compiler sees through. Addresses are {@code long},
 * as in {@link Libc}.
 *
 * <p>A write, a look or a wait that failed did nothing. It is made once more by {@link Libc}, which
 * tells the errno; a wait does not wait again then. That is rare, and to keep the errno of each
 * takes time. A read finds nothing often, and its buffer has room for the errno, as that of a
 * packet has: the kernel tells only once that a peer has gone.
 */
@SuppressWarnings("restricted") // Binding has asked whether this may be
final class ForeignCalls implements SignalCalls {
    private static final Linker LINKER = Linker.nativeLinker();

    private static final MethodHandle WRITE =
            bound("eventfd_write", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));

    private static final MethodHandle PREADV2 =
            bound(
                    "preadv2",
                    FunctionDescriptor.of(
                            JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT),
                    Linker.Option.captureCallState("errno"));

    /** Critical, to take an array as it is; collections wait for it, but it does not wait. */
    private static final MethodHandle POLL =
            bound(
                    "poll",
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT),
                    Linker.Option.critical(true));

    private static final MethodHandle POLL_WAIT =
            bound("poll", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));

    private static final MethodHandle EPOLL_WAIT =
            bound(
                    "epoll_wait",
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT));

    /**
     * Without the third argument, which this command does not have. Critical, because the call
     * never waits.
     */
    private static final MethodHandle FCNTL =
            bound(
                    "fcntl",
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT),
                    Linker.Option.critical(false));

    private static final MethodHandle SENDMSG = boundForMessages("sendmsg");
    private static final MethodHandle RECVMSG = boundForMessages("recvmsg");
    private static final MethodHandle SEND = boundForBytes("send");
    private static final MethodHandle RECV = boundForBytes("recv");

    private static final MethodHandle IOCTL =
            bound(
                    "ioctl",
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
                    Linker.Option.critical(true));

    private static final MethodHandle SCHED_YIELD =
            bound("sched_yield", FunctionDescriptor.of(JAVA_INT));

    /** All there is: a ReadBuffer is an address in it. */
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private final LibcCalls again = new LibcCalls();

    private static MethodHandle bound(
            String name, FunctionDescriptor type, Linker.Option... options) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().find(name).orElseThrow(), type, options);
    }

    private static MethodHandle boundForMessages(String name) {
        return bound(
                name,
                FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT),
                Linker.Option.captureCallState("errno"));
    }

    private static MethodHandle boundForBytes(String name) {
        return bound(
                name,
                FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT),
                Linker.Option.captureCallState("errno"));
    }

    @Override
    public int write(int fd, long value) {
        int result;
        try {
            result = (int) WRITE.invokeExact(fd, value);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        return result == 0 ? 0 : again.write(fd, value);
    }

    @Override
    public long readNow(int fd, ReadBuffer buffer) {
        long iovec = buffer.iovec();
        var errno = MEMORY.asSlice(iovec + ReadBuffer.ERRNO, JAVA_INT);
        try {
            long taken =
                    (long) PREADV2.invokeExact(errno, fd, iovec, 1, -1L, ReadBuffer.RWF_NOWAIT);
            return taken == Long.BYTES ? MEMORY.get(JAVA_LONG, iovec + ReadBuffer.COUNT) : 0;
        } catch (Throwable e) {
            throw new AssertionError(e);
        } finally {
            Reference.reachabilityFence(buffer);
        }
    }

    @Override
    public int isReadable(int fd) {
        var pollfd = new long[] {Readiness.pollfd(fd)};
        int result;
        try {
            result = (int) POLL.invokeExact(MemorySegment.ofArray(pollfd), 1L, 0);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        return result < 0 ? again.isReadable(fd) : Readiness.isReadable(pollfd[0]);
    }

    @Override
    public int poll(long pollfds, long count, int timeoutMillis) {
        int ready;
        try {
            ready = (int) POLL_WAIT.invokeExact(pollfds, count, timeoutMillis);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        return ready >= 0 ? ready : again.poll(pollfds, count, 0);
    }

    @Override
    public int epollWait(int epoll, long events, int capacity, int timeoutMillis) {
        int ready;
        try {
            ready = (int) EPOLL_WAIT.invokeExact(epoll, events, capacity, timeoutMillis);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        return ready >= 0 ? ready : again.epollWait(epoll, events, capacity, 0);
    }

    @Override
    public int statusFlags(int fd) {
        int flags;
        try {
            flags = (int) FCNTL.invokeExact(fd, F_GETFL);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        return flags >= 0 ? flags : again.statusFlags(fd);
    }

    @Override
    public long sendmsg(int fd, PacketBuffer buffer, int flags) {
        return call(SENDMSG, fd, buffer, flags);
    }

    @Override
    public long recvmsg(int fd, PacketBuffer buffer, int flags) {
        return call(RECVMSG, fd, buffer, flags);
    }

    private static long call(MethodHandle function, int fd, PacketBuffer buffer, int flags) {
        long message = buffer.message();
        var errno = MEMORY.asSlice(message + PacketBuffer.ERRNO, JAVA_INT);
        try {
            long size = (long) function.invokeExact(errno, fd, message, flags);
            return size >= 0 ? size : -buffer.errno();
        } catch (Throwable e) {
            throw new AssertionError(e);
        } finally {
            Reference.reachabilityFence(buffer);
        }
    }

    @Override
    public long send(int fd, PacketBuffer buffer, int flags) {
        return callForBytes(SEND, fd, buffer, flags);
    }

    @Override
    public long recv(int fd, PacketBuffer buffer, int flags) {
        return callForBytes(RECV, fd, buffer, flags);
    }

    private static long callForBytes(
            MethodHandle function, int fd, PacketBuffer buffer, int flags) {
        var errno = MEMORY.asSlice(buffer.message() + PacketBuffer.ERRNO, JAVA_INT);
        try {
            long size =
                    (long) function.invokeExact(errno, fd, buffer.data(), buffer.length(), flags);
            return size >= 0 ? size : -buffer.errno();
        } catch (Throwable e) {
            throw new AssertionError(e);
        } finally {
            Reference.reachabilityFence(buffer);
        }
    }

    @Override
    public int untaken(int fd) {
        var untaken = new int[1];
        int result;
        try {
            result = (int) IOCTL.invokeExact(fd, SIOCOUTQ, MemorySegment.ofArray(untaken));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        return result == 0 ? untaken[0] : again.untaken(fd);
    }

    @Override
    public void yieldToOthers() {
        try {
            var unused = (int) SCHED_YIELD.invokeExact();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
