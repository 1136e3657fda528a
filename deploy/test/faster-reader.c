// Another reader that is always faster, loaded into a program by LD_PRELOAD: when poll(2) or one of its like reports something,
// it takes what is on one eventfd, before the program can read. A program that relies on "readable" then blocks.
//
// FASTER_READER names a file, and the first line of that has the eventfd-id of the eventfd (proc(5), fdinfo). It appends what it
// takes. While there is no such file, it does nothing.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/uio.h>

static unsigned number(const char *path, const char *format) {
    unsigned found = 0;
    char line[256];
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file) && sscanf(line, format, &found) != 1) found = 0;
    if (file) fclose(file);
    return found;
}

static void take(void) {
    const char *file = getenv("FASTER_READER");
    unsigned wanted = file ? number(file, "%u") : 0;
    DIR *all = wanted ? opendir("/proc/self/fdinfo") : NULL;
    for (struct dirent *one; all && (one = readdir(all));) {
        char path[300];
        uint64_t value;
        snprintf(path, sizeof path, "/proc/self/fdinfo/%s", one->d_name);
        if (number(path, "eventfd-id: %u") != wanted) continue;
        if (preadv2(atoi(one->d_name), &(struct iovec){&value, sizeof value}, 1, -1, RWF_NOWAIT) < 0) continue;
        FILE *taken = fopen(file, "ae");
        if (taken) {
            fprintf(taken, "%ju\n", (uintmax_t)value);
            fclose(taken);
        }
    }
    if (all) closedir(all);
}

#define FASTER(name, parameters, ...)                                                                                            \
    int name parameters {                                                                                                        \
        static int(*next) parameters;                                                                                            \
        if (!next) next = (int(*) parameters)dlsym(RTLD_NEXT, #name);                                                            \
        int ready = next(__VA_ARGS__), saved = errno;                                                                            \
        if (ready > 0) take();                                                                                                   \
        errno = saved;                                                                                                           \
        return ready;                                                                                                            \
    }

FASTER(poll, (struct pollfd * fds, nfds_t n, int timeout), fds, n, timeout)
FASTER(ppoll, (struct pollfd * fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask), fds, n, timeout, mask)
FASTER(__poll_chk, (struct pollfd * fds, nfds_t n, int timeout, size_t size), fds, n, timeout, size)
FASTER(select, (int n, fd_set *in, fd_set *out, fd_set *error, struct timeval *timeout), n, in, out, error, timeout)
FASTER(epoll_wait, (int epoll, struct epoll_event *events, int n, int timeout), epoll, events, n, timeout)
FASTER(epoll_pwait, (int epoll, struct epoll_event *events, int n, int timeout, const sigset_t *mask), epoll, events, n, timeout, mask)
