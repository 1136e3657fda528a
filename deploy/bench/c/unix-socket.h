/* Unix sockets, and descriptors through them. */
#ifndef UNIX_SOCKET_H
#define UNIX_SOCKET_H

#include "bench.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CREATE ",\"create\":{}"

enum { MAX_FDS = 253, MAX_PACKET = 65536 };

static inline struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        die(path);
    }
    strcpy(address.sun_path, path);
    return address;
}

static inline int connect_to(const char *path, int type)
{
    struct sockaddr_un address = address_of(path);
    int fd = (int) ok(socket(AF_UNIX, type | SOCK_CLOEXEC, 0), "socket");
    ok(connect(fd, (struct sockaddr *) &address, sizeof address), path);
    return fd;
}

/* One packet and its descriptors, to be used again and again. */
struct packet {
    char text[MAX_PACKET];
    size_t length;
    int fds[MAX_FDS];
    int count;
};

union control {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int) * MAX_FDS)];
};

/* False where the peer has closed. */
static inline int receive_packet(int fd, struct packet *packet)
{
    union control control;
    struct iovec text = {packet->text, sizeof packet->text - 1};
    struct msghdr message = {.msg_iov = &text, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t length = ok(recvmsg(fd, &message, MSG_CMSG_CLOEXEC), "recvmsg");
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    packet->count = header ? (int) ((header->cmsg_len - CMSG_LEN(0)) / sizeof(int)) : 0;
    if (header) {
        memcpy(packet->fds, CMSG_DATA(header), packet->count * sizeof(int));
    }
    packet->length = (size_t) length;
    packet->text[length] = 0;
    return length > 0;
}

static inline void send_packet(int fd, const struct packet *packet)
{
    union control control;
    struct iovec text = {(char *) packet->text, packet->length};
    struct msghdr message = {.msg_iov = &text, .msg_iovlen = 1};
    if (packet->count > 0) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(packet->count * sizeof(int));
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(packet->count * sizeof(int));
        memcpy(CMSG_DATA(&control.header), packet->fds, packet->count * sizeof(int));
    }
    ok(sendmsg(fd, &message, MSG_NOSIGNAL), "sendmsg");
}

/* Asks fd.sock for `names` eventfds, e0 and so on, each with what is to be made where it is not there, if anything. */
static inline void ask_for(struct packet *request, int names, const char *create)
{
    char *end = request->text + sprintf(request->text, "{\"op\":\"open\",\"eventfds\":[");
    for (int i = 0; i < names; i++) {
        end += sprintf(end, "%s{\"name\":\"e%d\"%s}", i ? "," : "", i, create);
    }
    end += sprintf(end, "]}");
    request->length = (size_t) (end - request->text);
    request->count = 0;
}

/* As many descriptors as asked for, or the end of the program. */
static inline void receive_fds(int fd, struct packet *reply, int names)
{
    if (!receive_packet(fd, reply) || reply->count != names) {
        fprintf(stderr, "asked for %d descriptors, got %d: %s\n", names, reply->count, reply->text);
        exit(1);
    }
}

/* Opens what `request` asks for, and closes it. */
static inline void exchange(int fd, const struct packet *request, struct packet *reply, int names)
{
    send_packet(fd, request);
    receive_fds(fd, reply, names);
    for (int i = 0; i < names; i++) {
        close(reply->fds[i]);
    }
}

#endif
