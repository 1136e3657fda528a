/* What the programs here share: the clock, the processor to run on, and giving up. */
#ifndef BENCH_H
#define BENCH_H

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

__attribute__((noreturn)) static inline void die(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

/* The result of a system call, which does not fail here. */
static inline long ok(long result, const char *call)
{
    if (result < 0) {
        die(call);
    }
    return result;
}

static inline int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static inline int64_t in_seconds(const char *seconds)
{
    return now() + (int64_t) (atof(seconds) * 1e9);
}

static inline void run_on(const char *cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(atoi(cpu), &set);
    ok(sched_setaffinity(0, sizeof set, &set), "sched_setaffinity");
}

static inline int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *) a, y = *(const int64_t *) b;
    return (x > y) - (x < y);
}

/* Sorts `times`: what `percent`, which is less than 100, of them do not exceed. */
static inline int64_t percentile(int64_t *times, size_t count, double percent)
{
    qsort(times, count, sizeof *times, compare_times);
    return times[(size_t) ((double) count * percent / 100)];
}

#endif
