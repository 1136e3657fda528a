// A worker on a named eventfd, in C. It waits with poll(2) and never blocks in read(2).
//
//   apt-get install gcc libc6-dev
//   eventfdd serve --runtime-dir /tmp/eventfdd              # in a shell of its own; server/bin/eventfdd in the checkout
//   cc -O2 -o worker worker.c && ./worker /tmp/eventfdd orders
//   eventfdd write --runtime-dir /tmp/eventfdd orders 5    # in another shell: the worker prints "got 5"
//
// It prints "ready", then "got N" for each value N that it takes from `orders`, and adds N to `orders.reply`. It echoes the
// lines of its stdin and ends with it. ../README.md says what all workers do.
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum { REPLY, WORK, BOTH };
static char name[BOTH][160];
static int held[BOTH] = {-1, -1};
static int answers; // that came on this connection: one for each name, in order

// Connects to the daemon and asks for both names, without waiting for its answers: opens what is not held yet, and brings
// back ("donates") what is, since it outlived the daemon that it came from.
static int ask(const char *directory) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/fd.sock", directory);
    int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connect(s, (void *)&address, sizeof address)) return close(s), -1;
    for (int i = answers = 0; i < BOTH; i++) {
        char packet[512];
        snprintf(packet, sizeof packet, held[i] < 0 ? "{\"op\":\"open\",\"eventfds\":[{\"name\":\"%s\",\"create\":{}}]}"
            : "{\"op\":\"donate\",\"eventfds\":[{\"name\":\"%s\"}]}", name[i]); // it was made with the defaults
        union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control = {
            .header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
        memcpy(CMSG_DATA(&control.header), &held[i], sizeof(int));
        struct iovec data = {packet, strlen(packet)};
        struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1,
            .msg_control = &control, .msg_controllen = held[i] < 0 ? 0 : sizeof control};
        if (sendmsg(s, &message, MSG_NOSIGNAL) < 0) return close(s), -1;
    }
    return s;
}

// Takes what there is, without waiting: another reader may have been faster, and RWF_NOWAIT holds although any other
// process may clear O_NONBLOCK, which belongs to all that hold this eventfd.
static uint64_t take(int fd) {
    uint64_t value;
    return preadv2(fd, &(struct iovec){&value, sizeof value}, 1, -1, RWF_NOWAIT) == sizeof value ? value : 0;
}

static void give(uint64_t value) {
    if (value && eventfd_write(held[REPLY], value)) perror(name[REPLY]), exit(1);
}

// The text of a member of a JSON object, as far as this program needs it.
static char *text(char *json, const char *member) {
    char *to, *from = strstr(json, member), *begin = to = from ? from + strlen(member) : json;
    for (from = begin; *from && *from != '"'; *to++ = *from++) from += *from == '\\' && from[1];
    return *to = 0, begin;
}

// Takes one answer of the daemon, with the descriptor that it may bring. Returns 0 when the connection has ended.
static int hear(int s) {
    char packet[65537];
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control;
    struct iovec data = {packet, sizeof packet - 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t size = recvmsg(s, &message, MSG_CMSG_CLOEXEC);
    if (size <= 0) return size < 0 && (errno == EAGAIN || errno == EINTR);
    packet[size] = 0;
    if (message.msg_flags & MSG_CTRUNC) fprintf(stderr, "too many open files: the descriptor was cut off\n"), exit(1);
    if (strstr(packet, ":shutting-down\"")) return 0;
    int fd = -1, i = answers++;
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    if (rights) memcpy(&fd, CMSG_DATA(rights), sizeof fd);
    if (held[i] < 0 && fd >= 0) { // opened
        held[i] = fd;
        if (i == WORK) puts("ready");
        return 1;
    }
    char *result = strstr(packet, "\"result\":\"");
    if (!result || strstr(packet, "\"refused\"")) { // to open, or to bring back what was deleted meanwhile
        fprintf(stderr, "%s: %s\n", name[i], text(packet, result ? "\"problem\":\"" : "\"detail\":\""));
        exit(1);
    }
    if (fd >= 0) { // replaced: the name leads to another eventfd, which gets what is left on the old one
        uint64_t left = take(held[i]);
        if (left && eventfd_write(fd, left)) perror(name[i]), exit(1);
        close(held[i]);
        held[i] = fd;
    }
    return printf("%s %s\n", name[i], text(result, "\"result\":\""));
}

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "usage: worker DIR NAME\n"), 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    snprintf(name[WORK], sizeof *name, "%s", argv[2]);
    snprintf(name[REPLY], sizeof *name, "%s.reply", argv[2]);
    int daemon = ask(argv[1]);
    if (daemon < 0) return perror(argv[1]), 1;
    for (;;) {
        // poll(2) passes over what is -1. Without a daemon it tries again after a pause; the work goes on meanwhile.
        struct pollfd ready[] = {{held[WORK], POLLIN, 0}, {daemon, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
        if (poll(ready, 3, daemon < 0 ? 100 : -1) < 0) continue; // EINTR
        uint64_t value = ready[0].revents ? take(held[WORK]) : 0;
        if (value) printf("got %" PRIu64 "\n", value), give(value);
        if (daemon < 0) daemon = ask(argv[1]);
        else if (ready[1].revents && !hear(daemon)) close(daemon), daemon = -1;
        char line[256];
        ssize_t size = ready[2].revents ? read(STDIN_FILENO, line, sizeof line) : -1;
        if (size == 0) return 0;
        if (size > 0) printf("line %.*s", (int)size, line);
    }
}
