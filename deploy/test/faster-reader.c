// Another reader that is always faster, loaded into a program by LD_PRELOAD: when poll(2) or one of its like reports something,
// it takes what is on one eventfd, before the program can read. A program that relies on "readable" then blocks.
//
// FASTER_READER names a file whose first line is the eventfd-id of that eventfd (proc(5), fdinfo). The values that it takes are
// appended to the file. It takes nothing if there is no file, or an empty one. To end it, lock the file (flock(2)) and empty it:
// it looks and takes under the same lock, so that it takes nothing afterwards.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/uio.h>
#include <unistd.h>

static unsigned number(const char *path, const char *format) {
    unsigned found = 0;
    char line[256];
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file) && sscanf(line, format, &found) != 1) found = 0;
    if (file) fclose(file);
    return found;
}

// Takes what is on the eventfd, which may have several descriptors here, and appends each value to the file.
static void take(unsigned wanted, int file) {
    DIR *all = opendir("/proc/self/fdinfo");
    for (struct dirent *one; all && (one = readdir(all));) {
        char path[300];
        uint64_t value;
        snprintf(path, sizeof path, "/proc/self/fdinfo/%s", one->d_name);
        if (number(path, "eventfd-id: %u") != wanted) continue;
        if (preadv2(atoi(one->d_name), &(struct iovec){&value, sizeof value}, 1, -1, RWF_NOWAIT) < 0) continue;
        dprintf(file, "%ju\n", (uintmax_t)value);
    }
    if (all) closedir(all);
}

static void be_faster(void) {
    const char *path = getenv("FASTER_READER");
    int file = path ? open(path, O_RDWR | O_APPEND | O_CLOEXEC) : -1;
    if (file < 0) return;
    if (!flock(file, LOCK_EX)) { // each call has a lock of its own, as each has opened the file for itself
        unsigned wanted = number(path, "%u");
        if (wanted) take(wanted, file);
    }
    close(file);
}

#define FASTER(name, parameters, ...)                                                                                            \
    int name parameters {                                                                                                        \
        static int(*next) parameters;                                                                                            \
        if (!next) next = (int(*) parameters)dlsym(RTLD_NEXT, #name);                                                            \
        int ready = next(__VA_ARGS__), saved = errno;                                                                            \
        if (ready > 0) be_faster();                                                                                              \
        errno = saved;                                                                                                           \
        return ready;                                                                                                            \
    }

FASTER(poll, (struct pollfd * fds, nfds_t n, int timeout), fds, n, timeout)
FASTER(ppoll, (struct pollfd * fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask), fds, n, timeout, mask)
FASTER(__poll_chk, (struct pollfd * fds, nfds_t n, int timeout, size_t size), fds, n, timeout, size)
FASTER(select, (int n, fd_set *in, fd_set *out, fd_set *error, struct timeval *timeout), n, in, out, error, timeout)
FASTER(epoll_wait, (int epoll, struct epoll_event *events, int n, int timeout), epoll, events, n, timeout)
FASTER(epoll_pwait, (int epoll, struct epoll_event *events, int n, int timeout, const sigset_t *mask), epoll, events, n, timeout, mask)
