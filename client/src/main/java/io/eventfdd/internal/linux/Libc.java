package io.eventfdd.internal.linux;

import java.nio.ByteBuffer;

/**
 * The C library: each method calls the function of its name, with primitives and arrays only.
 * Addresses are {@code long} (every supported architecture is LP64).
 */
interface Libc {
    /** The binding that this JVM uses. */
    Libc LIBC = Binding.libc();

    int O_CLOEXEC = 0x80000;
    int AF_UNIX = 1;
    int SOCK_CLOEXEC = 0x80000;
    int SOL_SOCKET = 1;

    /** The errno of this thread's last call, if that failed. */
    int errno();

    /** The address of abs(3). */
    long abs();

    /**
     * The address of the first byte of a direct buffer, wherever its position is. The buffer has to
     * stay reachable while the address is used.
     */
    long address(ByteBuffer direct);

    int eventfd(int initial, int flags);

    int eventfd_read(int fd, long[] value);

    int eventfd_write(int fd, long value);

    long preadv2(int fd, long iov, int count, long offset, int flags);

    int open(byte[] path, int flags, int mode);

    long read(int fd, byte[] buffer, long size);

    int close(int fd);

    int fchmod(int fd, int mode);

    int fcntl(int fd, int command, long argument);

    int dup3(int from, int to, int flags);

    long readlink(byte[] path, byte[] target, long size);

    long syscall(long number, long a, long b, long c, long d, long e);

    int ioctl(int fd, long request, int[] argument);

    int ioctl(int fd, long request, short[] argument);

    int epoll_create1(int flags);

    int epoll_ctl(int epoll, int operation, int fd, long event);

    int epoll_wait(int epoll, long events, int capacity, int timeoutMillis);

    int poll(long fds, long count, int timeoutMillis);

    int poll(long[] fds, long count, int timeoutMillis);

    int inotify_init1(int flags);

    int inotify_add_watch(int fd, byte[] path, int mask);

    int sched_yield();

    int tcgetattr(int fd, byte[] attributes);

    int tcsetattr(int fd, int actions, byte[] attributes);

    int socket(int domain, int type, int protocol);

    int bind(int fd, byte[] address, int length);

    int listen(int fd, int backlog);

    int connect(int fd, byte[] address, int length);

    int accept4(int fd, long address, long length, int flags);

    int shutdown(int fd, int how);

    int getsockname(int fd, byte[] address, int[] length);

    int getsockopt(int fd, int level, int option, int[] value, int[] length);

    int setsockopt(int fd, int level, int option, int[] value, int length);

    long recvmsg(int fd, long message, int flags);

    long sendmsg(int fd, long message, int flags);

    long recv(int fd, long bytes, long size, int flags);

    long send(int fd, long bytes, long size, int flags);

    int getpid();

    int getrlimit(int resource, long[] limit);

    int setrlimit(int resource, long[] limit);

    int geteuid();

    int gettid();

    int timer_create(int clock, int[] event, long[] timer);

    int timer_settime(long timer, int flags, long[] value, long old);

    int timer_delete(long timer);

    int setenv(byte[] name, byte[] value, int overwrite);

    int unsetenv(byte[] name);

    int execvp(byte[] file, long arguments);

    int pthread_sigmask(int how, long[] set, long old);

    long signal(int number, long handler);

    int raise(int number);

    int siginterrupt(int number, int interrupt);

    String strerror(int errno);
}
