/*
 * wake WAITERS SECONDS PERCENT: nanoseconds from a write(2) until the last of WAITERS threads, each blocked in poll(2) on the
 * same eventfd, runs again; the percentile of as many waves as there is time for.
 */
#include "bench.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MAX_WAVES = 10000 };

static int waiters, signal_fd, done_fd;
static atomic_int waiting, woken;

static void *wait_for_it(void *unused)
{
    struct pollfd set = {signal_fd, POLLIN, 0};
    atomic_fetch_add(&waiting, 1);
    ok(poll(&set, 1, -1), "poll");
    if (atomic_fetch_add(&woken, 1) + 1 == waiters) {
        eventfd_write(done_fd, 1);
    }
    return unused;
}

static int64_t wave(pthread_t *threads, const pthread_attr_t *attributes)
{
    eventfd_t value;
    atomic_store(&waiting, 0);
    atomic_store(&woken, 0);
    for (int i = 0; i < waiters; i++) {
        errno = pthread_create(&threads[i], attributes, wait_for_it, NULL);
        if (errno) {
            die("pthread_create");
        }
    }
    /* they say so before they block: the rest of the way takes microseconds */
    do {
        usleep(1000 + (unsigned) waiters);
    } while (atomic_load(&waiting) < waiters);
    int64_t start = now();
    eventfd_write(signal_fd, 1);
    ok(eventfd_read(done_fd, &value), "read");
    int64_t time = now() - start;
    eventfd_read(signal_fd, &value);
    for (int i = 0; i < waiters; i++) {
        pthread_join(threads[i], NULL);
    }
    return time;
}

int main(int argc, char **argv)
{
    static int64_t times[MAX_WAVES];
    if (argc < 4) {
        return 2;
    }
    waiters = atoi(argv[1]);
    signal_fd = (int) ok(eventfd(0, 0), "eventfd");
    done_fd = (int) ok(eventfd(0, 0), "eventfd");
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN);
    pthread_t *threads = calloc((size_t) waiters, sizeof *threads);
    size_t waves = 0;
    int64_t end = in_seconds(argv[2]);
    do {
        times[waves++] = wave(threads, &attributes);
    } while (now() < end && waves < MAX_WAVES);
    printf("%ld\n", (long) percentile(times, waves, atof(argv[3])));
}
