/*
 * ping-pong eventfd|semaphore CPU CPU SECONDS [PERCENT]: nanoseconds of a round trip between two processes, each on its
 * processor, by eventfds and a blocking read(2), or by POSIX named semaphores: the percentile, or else the mean.
 */
#include "bench.h"

#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH = 64, MOST = 1 << 20 };

static sem_t *semaphores[2];
static int eventfds[2];
static int64_t times[MOST];

static void signal_eventfd(int which)
{
    uint64_t one = 1;
    ok(write(eventfds[which], &one, sizeof one), "write");
}

static void await_eventfd(int which)
{
    uint64_t value;
    ok(read(eventfds[which], &value, sizeof value), "read");
}

static void signal_semaphore(int which)
{
    ok(sem_post(semaphores[which]), "sem_post");
}

static void await_semaphore(int which)
{
    ok(sem_wait(semaphores[which]), "sem_wait");
}

static void open_semaphore(int which)
{
    char name[64];
    sprintf(name, "/eventfdd-bench-%d-%d", getpid(), which);
    semaphores[which] = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
    if (semaphores[which] == SEM_FAILED) {
        die("sem_open");
    }
    sem_unlink(name);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        return 2;
    }
    int semaphore = strcmp(argv[1], "semaphore") == 0;
    void (*say)(int) = semaphore ? signal_semaphore : signal_eventfd;
    void (*await)(int) = semaphore ? await_semaphore : await_eventfd;
    for (int i = 0; i < 2; i++) {
        eventfds[i] = (int) ok(eventfd(0, 0), "eventfd");
        open_semaphore(i);
    }
    pid_t pong = (pid_t) ok(fork(), "fork");
    if (pong == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run_on(argv[3]);
        for (;;) {
            await(0);
            say(1);
        }
    }
    run_on(argv[2]);
    double percent = argc > 5 ? atof(argv[5]) : 0;
    int64_t start = now(), end = in_seconds(argv[4]), time = start;
    size_t count = 0;
    do {
        for (int i = 0; i < BATCH; i++, count++) {
            say(0);
            await(1);
            if (percent > 0) {
                int64_t before = time;
                time = now();
                times[count] = time - before;
            }
        }
    } while ((time = now()) < end && (percent == 0 || count < MOST));
    printf("%f\n", percent > 0 ? (double) percentile(times, count, percent) : (double) (time - start) / (double) count);
    kill(pong, SIGKILL);
    waitpid(pong, NULL, 0);
}
