/*
 * stream CPU CPU SECONDS: how many signals a second one process gives by write(2) to another that blocks in read(2), each on
 * its processor; counted where they arrive.
 */
#include "bench.h"

#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint64_t END = 1ULL << 40;

int main(int argc, char **argv)
{
    if (argc < 4) {
        return 2;
    }
    int fd = (int) ok(eventfd(0, 0), "eventfd");
    pid_t producer = (pid_t) ok(fork(), "fork");
    if (producer == 0) {
        run_on(argv[1]);
        uint64_t one = 1;
        int64_t end = in_seconds(argv[3]);
        do {
            for (int i = 0; i < 1000; i++) {
                ok(write(fd, &one, sizeof one), "write");
            }
        } while (now() < end);
        ok(write(fd, &END, sizeof END), "write");
        return 0;
    }
    run_on(argv[2]);
    uint64_t sum = 0, value;
    int64_t start = now();
    while (sum < END) {
        ok(read(fd, &value, sizeof value), "read");
        sum += value;
    }
    printf("%f\n", (double) (sum - END) * 1e9 / (double) (now() - start));
    waitpid(producer, NULL, 0);
}
