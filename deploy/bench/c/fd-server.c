/*
 * fd-server SOCKET: the least that a server of descriptors can be. It has 253 eventfds, understands nothing of a request
 * but how many names are in it, and answers with the request itself and that many of them.
 */
#include "unix-socket.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

static int names_in(const char *text)
{
    int names = 0;
    while ((text = strstr(text, "{\"name\""))) {
        names++;
        text++;
    }
    return names;
}

int main(int argc, char **argv)
{
    static struct packet packet;
    static int eventfds[MAX_FDS];
    if (argc < 2) {
        return 2;
    }
    for (int i = 0; i < MAX_FDS; i++) {
        eventfds[i] = (int) ok(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
    }
    struct sockaddr_un address = address_of(argv[1]);
    int listener = (int) ok(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "socket");
    ok(bind(listener, (struct sockaddr *) &address, sizeof address), argv[1]);
    ok(listen(listener, SOMAXCONN), "listen");
    int epoll = (int) ok(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    ok(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event), "epoll_ctl");
    for (;;) {
        ok(epoll_wait(epoll, &event, 1, -1), "epoll_wait");
        int fd = event.data.fd;
        if (fd == listener) {
            event.events = EPOLLIN;
            event.data.fd = (int) ok(accept4(listener, NULL, NULL, SOCK_CLOEXEC), "accept4");
            ok(epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event), "epoll_ctl");
        } else if (receive_packet(fd, &packet)) {
            packet.count = names_in(packet.text);
            memcpy(packet.fds, eventfds, sizeof eventfds);
            send_packet(fd, &packet);
        } else {
            close(fd);
        }
    }
}
