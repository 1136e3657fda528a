package io.eventfdd.internal.linux;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * {@link LibcCalls} for a process that wants a fast start. One call of it is bound by
 * java.lang.foreign once it has been made often: the look at the flags of a description, which the
 * daemon makes for each descriptor that it hands out. Another thread binds it, because that takes a
 * tenth of a second and some megabytes, which only a process with very many hand-outs has to spend.
 */
@SuppressWarnings("restricted") // Binding has asked whether this may be
final class LateForeignCalls implements SignalCalls {
    /** By then the calls have taken a third as long as the binding does. */
    private static final int OFTEN = 100_000;

    private final LibcCalls calls = new LibcCalls();
    private final AtomicInteger looks = new AtomicInteger();
    private volatile boolean bound;

    /** Is bound when this class is first used. */
    private static final class Bound {
        /** Critical, because the call never waits. It has no third argument with this command. */
        private static final MethodHandle FCNTL =
                Linker.nativeLinker()
                        .downcallHandle(
                                Linker.nativeLinker().defaultLookup().find("fcntl").orElseThrow(),
                                FunctionDescriptor.of(
                                        ValueLayout.JAVA_INT,
                                        ValueLayout.JAVA_INT,
                                        ValueLayout.JAVA_INT),
                                Linker.Option.critical(false));

        private Bound() {}

        static int statusFlags(int fd) {
            try {
                return (int) FCNTL.invokeExact(fd, F_GETFL);
            } catch (Throwable e) {
                throw new AssertionError(e);
            }
        }
    }

    /** Flags that were not read are asked for once more by {@link Libc}, which tells the errno. */
    @Override
    public int statusFlags(int fd) {
        if (bound) {
            int flags = Bound.statusFlags(fd);
            return flags >= 0 ? flags : calls.statusFlags(fd);
        }
        if (looks.incrementAndGet() == OFTEN) {
            var thread = new Thread(this::bind, "eventfdd-binding");
            thread.setDaemon(true);
            thread.setContextClassLoader(null);
            thread.start();
        }
        return calls.statusFlags(fd);
    }

    private void bind() {
        var unused = Bound.statusFlags(-1);
        bound = true;
    }

    @Override
    public int write(int fd, long value) {
        return calls.write(fd, value);
    }

    @Override
    public long readNow(int fd, ReadBuffer buffer) {
        return calls.readNow(fd, buffer);
    }

    @Override
    public int isReadable(int fd) {
        return calls.isReadable(fd);
    }

    @Override
    public int poll(long pollfds, long count, int timeoutMillis) {
        return calls.poll(pollfds, count, timeoutMillis);
    }

    @Override
    public int epollWait(int epoll, long events, int capacity, int timeoutMillis) {
        return calls.epollWait(epoll, events, capacity, timeoutMillis);
    }

    @Override
    public void yieldToOthers() {
        calls.yieldToOthers();
    }
}
