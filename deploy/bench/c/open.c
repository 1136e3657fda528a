/*
 * open new|kept SOCKET NAMES SECONDS: nanoseconds to open NAMES eventfds by name in one request, each time over a new
 * connection or over one that is kept, and to close them.
 */
#include "unix-socket.h"

static struct packet request, reply;

static void make(const char *path, int names)
{
    int fd = connect_to(path, SOCK_SEQPACKET);
    ask_for(&request, names, CREATE);
    exchange(fd, &request, &reply, names);
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        return 2;
    }
    int kept = strcmp(argv[1], "kept") == 0;
    int names = atoi(argv[3]);
    make(argv[2], names);
    ask_for(&request, names, "");
    int fd = kept ? connect_to(argv[2], SOCK_SEQPACKET) : -1;
    int64_t start = now(), end = in_seconds(argv[4]), count = 0, time;
    do {
        if (!kept) {
            fd = connect_to(argv[2], SOCK_SEQPACKET);
        }
        exchange(fd, &request, &reply, names);
        if (!kept) {
            close(fd);
        }
        count++;
    } while ((time = now()) < end);
    printf("%f\n", (double) (time - start) / (double) count);
}
