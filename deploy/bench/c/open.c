/*
 * open new|kept SOCKET NAMES SECONDS: nanoseconds to open NAMES eventfds by name in one request, each time over a new
 * connection or over one that is kept, and to close them.
 */
#include "unix-socket.h"

int main(int argc, char **argv)
{
    static struct packet request, reply;
    if (argc < 5) {
        return 2;
    }
    int kept = strcmp(argv[1], "kept") == 0;
    int names = atoi(argv[3]);
    int fd = kept ? connect_to(argv[2], SOCK_SEQPACKET) : -1;
    ask_for(&request, names);
    int64_t start = now(), end = in_seconds(argv[4]), count = 0, time;
    do {
        if (!kept) {
            fd = connect_to(argv[2], SOCK_SEQPACKET);
        }
        send_packet(fd, &request);
        receive_fds(fd, &reply, names);
        for (int i = 0; i < names; i++) {
            close(reply.fds[i]);
        }
        if (!kept) {
            close(fd);
        }
        count++;
    } while ((time = now()) < end);
    printf("%f\n", (double) (time - start) / (double) count);
}
