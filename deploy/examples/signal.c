// The raw eventfd of a name, in C.
//
//   eventfdd serve --runtime-dir /tmp/eventfdd      # in a shell of its own; server/bin/eventfdd in the checkout
//   cc -o signal signal.c
//   ./signal /tmp/eventfdd orders wait              # waits until the count is not 0, takes it and prints it
//   ./signal /tmp/eventfdd orders                   # in another shell: adds 1
#define _GNU_SOURCE // preadv2
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

static int open_eventfd(const char *directory, const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char packet[1024], control[CMSG_SPACE(sizeof(int))];
    struct iovec data = {packet, sizeof packet};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    int fd = -1, s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/fd.sock", directory);
    snprintf(packet, sizeof packet, "{\"op\":\"open\",\"eventfds\":[{\"name\":\"%s\",\"create\":{}}]}", name);
    if (connect(s, (void *)&address, sizeof address) || send(s, packet, strlen(packet), 0) < 0) return -1;
    ssize_t size = recvmsg(s, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    if (rights && rights->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(rights), sizeof fd);
    else fprintf(stderr, "%.*s\n", (int)(size > 0 ? size : 0), packet); // a problem document
    return fd;
}

// Unlike read(2) it never blocks, also if another holder has cleared O_NONBLOCK, which all holders share. 0: there is nothing.
static int read_now(int fd, eventfd_t *value) {
    return preadv2(fd, &(struct iovec){value, sizeof *value}, 1, -1, RWF_NOWAIT) == sizeof *value;
}

int main(int argc, char **argv) {
    eventfd_t value;
    int fd = argc < 3 ? -1 : open_eventfd(argv[1], argv[2]);
    if (fd < 0) return perror("signal DIR NAME [wait]"), 1;
    if (argc == 3) return eventfd_write(fd, 1) ? perror("eventfd_write"), 1 : 0;
    while (!read_now(fd, &value)) poll(&(struct pollfd){fd, POLLIN, 0}, 1, -1); // another may be faster
    printf("%llu\n", (unsigned long long)value);
    return 0;
}
