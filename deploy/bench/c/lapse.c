/*
 * lapse SOCKET NAME COUNT: a process holds the one permit of NAME under a lease and gets a SIGKILL, while another client waits for the
 * permit. Prints the median and the worst of COUNT times from kill(2) to the answer of that client, in nanoseconds.
 */
#include <signal.h>
#include <sys/wait.h>

#include "lease.h"

static struct packet held, wanted, release, reply;

/* The process that holds the permit, and says so by a byte. */
__attribute__((noreturn)) static void hold(const char *path, int told)
{
    int fd = connect_to(path, SOCK_SEQPACKET);
    call(fd, &held, &reply);
    ok(write(told, "", 1), "write");
    for (;;) {
        pause();
    }
}

static int64_t lapse(const char *path, int waiter)
{
    int ends[2];
    char byte;
    ok(pipe(ends), "pipe");
    pid_t holder = (pid_t) ok(fork(), "fork");
    if (holder == 0) {
        hold(path, ends[1]);
    }
    close(ends[1]);
    if (read(ends[0], &byte, 1) != 1) {
        die("the holder");
    }
    close(ends[0]);
    send_packet(waiter, &wanted);
    struct timespec until_it_waits = {.tv_nsec = 2000000};
    nanosleep(&until_it_waits, NULL);
    int64_t start = now();
    ok(kill(holder, SIGKILL), "kill");
    receive_answer(waiter, &reply);
    int64_t time = now() - start;
    ask_for_release(&release, &reply);
    call(waiter, &release, &reply);
    ok(waitpid(holder, NULL, 0), "waitpid");
    return time;
}

int main(int argc, char **argv)
{
    int count = argc < 4 ? 0 : atoi(argv[3]);
    if (count <= 0) {
        return 2;
    }
    int64_t *times = calloc((size_t) count, sizeof *times);
    int waiter = connect_to(argv[1], SOCK_SEQPACKET);
    ask_for_lease(&held, argv[2], "process");
    ask_for_lease(&wanted, argv[2], "connection");
    for (int i = 0; i < count; i++) {
        times[i] = lapse(argv[1], waiter);
    }
    int64_t typical = percentile(times, (size_t) count, 50);
    printf("%ld %ld\n", (long) typical, (long) times[count - 1]);
}
