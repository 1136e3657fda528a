/* lease SOCKET NAME SECONDS: nanoseconds to take a permit of NAME under a lease and to release it, over one connection that is kept. */
#include "lease.h"

static struct packet take, release, reply;

int main(int argc, char **argv)
{
    if (argc < 4) {
        return 2;
    }
    int fd = connect_to(argv[1], SOCK_SEQPACKET);
    ask_for_lease(&take, argv[2], "process");
    int64_t start = now(), end = in_seconds(argv[3]), count = 0, time;
    do {
        call(fd, &take, &reply);
        ask_for_release(&release, &reply);
        call(fd, &release, &reply);
        count++;
    } while ((time = now()) < end);
    printf("%f\n", (double) (time - start) / (double) count);
}
