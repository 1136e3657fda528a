/*
 * witness FD.SOCK: opens an eventfd by name over one connection, a millisecond after the last time, until a line of input
 * comes. It says when it begins, and prints the nanoseconds that the slowest open took, and the 99th percentile.
 */
#include "unix-socket.h"

#include <poll.h>

enum { MOST = 1 << 20 };

static struct packet request, reply;
static int64_t times[MOST];

int main(int argc, char **argv)
{
    if (argc < 2) {
        return 2;
    }
    int fd = connect_to(argv[1], SOCK_SEQPACKET);
    ask_for(&request, 1, CREATE);
    exchange(fd, &request, &reply, 1);
    puts("begun");
    fflush(stdout);
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    size_t count = 0;
    do {
        int64_t start = now();
        exchange(fd, &request, &reply, 1);
        times[count++] = now() - start;
    } while (count < MOST && ok(poll(&input, 1, 1), "poll") == 0);
    int64_t most = percentile(times, count, 99);
    printf("%ld %ld\n", (long) times[count - 1], (long) most);
}
