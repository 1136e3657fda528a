/*
 * raw write|read|pair SECONDS [FD.SOCK]: nanoseconds of one write(2), one read(2), or both one after the other, on an
 * eventfd of its own or on one of the daemon at FD.SOCK, while nobody else uses it.
 */
#include "unix-socket.h"

#include <sys/eventfd.h>

enum { BATCH = 1000 };

static int of_daemon(const char *path)
{
    static struct packet packet;
    int fd = connect_to(path, SOCK_SEQPACKET);
    ask_for(&packet, 1, CREATE);
    send_packet(fd, &packet);
    receive_fds(fd, &packet, 1);
    close(fd);
    return packet.fds[0];
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        return 2;
    }
    int writes = strcmp(argv[1], "read") != 0;
    int reads = strcmp(argv[1], "write") != 0;
    /* who only reads has enough to read: one at a time, of as much as an eventfd may begin with */
    int fd = argc > 3 ? of_daemon(argv[3])
           : (int) ok(writes ? eventfd(0, EFD_NONBLOCK) : eventfd(UINT32_MAX, EFD_NONBLOCK | EFD_SEMAPHORE), "eventfd");
    uint64_t one = 1, value;
    int64_t start = now(), end = in_seconds(argv[2]), count = 0, time;
    do {
        for (int i = 0; i < BATCH; i++) {
            if (writes && write(fd, &one, sizeof one) < 0) {
                die("write");
            }
            if (reads && read(fd, &value, sizeof value) < 0) {
                die("read");
            }
        }
        count += BATCH;
    } while ((time = now()) < end);
    printf("%f\n", (double) (time - start) / (double) count);
}
