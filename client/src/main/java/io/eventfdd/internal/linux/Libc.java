package io.eventfdd.internal.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

import java.nio.ByteBuffer;
import java.util.Map;

/**
 * The C library, mapped directly: primitives and arrays only, which is the cheapest that JNA has.
 * Addresses are {@code long} (every supported architecture is LP64). errno is in {@link
 * Native#getLastError()} until the thread's next call.
 */
final class Libc {
    static final int EINTR = 4;
    static final int EAGAIN = 11;

    /** abs(3). */
    static final Pointer ABS;

    static {
        // JNA starts a thread when it opens a library; the thread stays while one is open. It would
        // keep the class loader of an application that was undeployed. So it is given none, and
        // ends soon: functions that are bound need no open library. The options make this library
        // one that nobody else uses.
        var thread = Thread.currentThread();
        var loader = thread.getContextClassLoader();
        thread.setContextClassLoader(null);
        try (var process = NativeLibrary.getProcess(Map.of("for", Libc.class.getName()))) {
            Native.register(Libc.class, process);
            ABS = new Pointer(Pointer.nativeValue(process.getFunction("abs")));
        } finally {
            thread.setContextClassLoader(loader);
        }
    }

    private Libc() {}

    /**
     * Where the bytes of a direct buffer are. It has to stay reachable while they are used. JNA has
     * memory of its own, but its thread stays as long as there is any.
     */
    static long address(ByteBuffer direct) {
        return Pointer.nativeValue(Native.getDirectBufferPointer(direct));
    }

    static native int eventfd(int initial, int flags);

    static native int eventfd_read(int fd, long[] value);

    static native int eventfd_write(int fd, long value);

    static native long preadv2(int fd, long iov, int count, long offset, int flags);

    static native int open(byte[] path, int flags, int mode);

    static native long read(int fd, byte[] buffer, long size);

    static native int close(int fd);

    static native int fchmod(int fd, int mode);

    static native int fcntl(int fd, int command, long argument);

    static native int dup3(int from, int to, int flags);

    static native long readlink(byte[] path, byte[] target, long size);

    static native long syscall(long number, long a, long b, long c, long d, long e);

    static native int ioctl(int fd, long request, int[] argument);

    static native int ioctl(int fd, long request, short[] argument);

    static native int epoll_create1(int flags);

    static native int epoll_ctl(int epoll, int operation, int fd, long event);

    static native int epoll_wait(int epoll, long events, int capacity, int timeoutMillis);

    static native int poll(long fds, long count, int timeoutMillis);

    static native int poll(long[] fds, long count, int timeoutMillis);

    static native int inotify_init1(int flags);

    static native int inotify_add_watch(int fd, byte[] path, int mask);

    static native int sched_yield();

    static native int tcgetattr(int fd, byte[] attributes);

    static native int tcsetattr(int fd, int actions, byte[] attributes);

    static native int socket(int domain, int type, int protocol);

    static native int bind(int fd, byte[] address, int length);

    static native int listen(int fd, int backlog);

    static native int connect(int fd, byte[] address, int length);

    static native int accept4(int fd, long address, long length, int flags);

    static native int shutdown(int fd, int how);

    static native int getsockname(int fd, byte[] address, int[] length);

    static native int getsockopt(int fd, int level, int option, int[] value, int[] length);

    static native int setsockopt(int fd, int level, int option, int[] value, int length);

    static native long recvmsg(int fd, long message, int flags);

    static native long sendmsg(int fd, long message, int flags);

    static native int getpid();

    static native int getrlimit(int resource, long[] limit);

    static native int setrlimit(int resource, long[] limit);

    static native int geteuid();

    static native int gettid();

    static native int timer_create(int clock, int[] event, long[] timer);

    static native int timer_settime(long timer, int flags, long[] value, long old);

    static native int timer_delete(long timer);

    static native int setenv(byte[] name, byte[] value, int overwrite);

    static native int unsetenv(byte[] name);

    static native int execvp(byte[] file, long arguments);

    static native int pthread_sigmask(int how, long[] set, long old);

    static native Pointer signal(int number, Pointer handler);

    static native int raise(int number);

    static native int siginterrupt(int number, int interrupt);

    static native String strerror(int errno);
}
