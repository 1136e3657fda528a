package io.eventfdd.internal.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

import java.nio.ByteBuffer;
import java.util.Map;

/**
 * The C library by JNA, mapped directly, which is the cheapest that JNA has. JNA never forgets a
 * class that is mapped so.
 */
final class JnaLibc implements Libc {
    private final long abs;

    JnaLibc() {
        // JNA starts a thread when it opens a library; the thread stays while one is open. It would
        // keep the class loader of an application that was undeployed. So it is given none, and
        // ends soon: functions that are bound need no open library. The options make this library
        // one that nobody else uses.
        var thread = Thread.currentThread();
        var loader = thread.getContextClassLoader();
        thread.setContextClassLoader(null);
        try (var process = NativeLibrary.getProcess(Map.of("for", JnaLibc.class.getName()))) {
            Native.register(JnaLibc.class, process);
            abs = Pointer.nativeValue(process.getFunction("abs"));
        } finally {
            thread.setContextClassLoader(loader);
        }
    }

    @Override
    public int errno() {
        return Native.getLastError();
    }

    @Override
    public long abs() {
        return abs;
    }

    /** JNA has memory of its own, but its thread stays as long as there is any. */
    @Override
    public long address(ByteBuffer direct) {
        return Pointer.nativeValue(Native.getDirectBufferPointer(direct));
    }

    @Override
    public native int eventfd(int initial, int flags);

    @Override
    public native int eventfd_read(int fd, long[] value);

    @Override
    public native int eventfd_write(int fd, long value);

    @Override
    public native long preadv2(int fd, long iov, int count, long offset, int flags);

    @Override
    public native int open(byte[] path, int flags, int mode);

    @Override
    public native long read(int fd, byte[] buffer, long size);

    @Override
    public native int close(int fd);

    @Override
    public native int fchmod(int fd, int mode);

    @Override
    public native int fcntl(int fd, int command, long argument);

    @Override
    public native int dup3(int from, int to, int flags);

    @Override
    public native long readlink(byte[] path, byte[] target, long size);

    @Override
    public native long syscall(long number, long a, long b, long c, long d, long e);

    @Override
    public native int ioctl(int fd, long request, int[] argument);

    @Override
    public native int ioctl(int fd, long request, short[] argument);

    @Override
    public native int epoll_create1(int flags);

    @Override
    public native int epoll_ctl(int epoll, int operation, int fd, long event);

    @Override
    public native int epoll_wait(int epoll, long events, int capacity, int timeoutMillis);

    @Override
    public native int poll(long fds, long count, int timeoutMillis);

    @Override
    public native int poll(long[] fds, long count, int timeoutMillis);

    @Override
    public native int inotify_init1(int flags);

    @Override
    public native int inotify_add_watch(int fd, byte[] path, int mask);

    @Override
    public native int sched_yield();

    @Override
    public native int tcgetattr(int fd, byte[] attributes);

    @Override
    public native int tcsetattr(int fd, int actions, byte[] attributes);

    @Override
    public native int socket(int domain, int type, int protocol);

    @Override
    public native int bind(int fd, byte[] address, int length);

    @Override
    public native int listen(int fd, int backlog);

    @Override
    public native int connect(int fd, byte[] address, int length);

    @Override
    public native int accept4(int fd, long address, long length, int flags);

    @Override
    public native int shutdown(int fd, int how);

    @Override
    public native int getsockname(int fd, byte[] address, int[] length);

    @Override
    public native int getsockopt(int fd, int level, int option, int[] value, int[] length);

    @Override
    public native int setsockopt(int fd, int level, int option, int[] value, int length);

    @Override
    public native long recvmsg(int fd, long message, int flags);

    @Override
    public native long sendmsg(int fd, long message, int flags);

    @Override
    public native long recv(int fd, long bytes, long size, int flags);

    @Override
    public native long send(int fd, long bytes, long size, int flags);

    @Override
    public native int getpid();

    @Override
    public native int getrlimit(int resource, long[] limit);

    @Override
    public native int setrlimit(int resource, long[] limit);

    @Override
    public native int geteuid();

    @Override
    public native int gettid();

    @Override
    public native int timer_create(int clock, int[] event, long[] timer);

    @Override
    public native int timer_settime(long timer, int flags, long[] value, long old);

    @Override
    public native int timer_delete(long timer);

    @Override
    public native int setenv(byte[] name, byte[] value, int overwrite);

    @Override
    public native int unsetenv(byte[] name);

    @Override
    public native int execvp(byte[] file, long arguments);

    @Override
    public native int pthread_sigmask(int how, long[] set, long old);

    @Override
    public native long signal(int number, long handler);

    @Override
    public native int raise(int number);

    @Override
    public native int siginterrupt(int number, int interrupt);

    @Override
    public native String strerror(int errno);
}
