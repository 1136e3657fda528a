/*
 * park SOCKET CONNECTIONS REQUEST TRIGGER: sends REQUEST over each of CONNECTIONS, says so, and waits for a line of input.
 * Then it sends TRIGGER over one more, and tells how many nanoseconds later the last of them had its answer. Both requests
 * are the whole line and headers, without the empty line at their end.
 */
#include "answers.h"
#include "unix-socket.h"

#include <sys/epoll.h>

static void send_request(int fd, const char *head)
{
    char request[1024];
    int length = snprintf(request, sizeof request, "%s\r\n\r\n", head);
    if (send(fd, request, (size_t) length, MSG_NOSIGNAL) != length) {
        die("send");
    }
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        return 2;
    }
    int size = atoi(argv[2]), left = size;
    int epoll = (int) ok(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    for (int i = 0; i < size; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = connect_to(argv[1], SOCK_STREAM)};
        ok(epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event), "epoll_ctl");
        send_request(event.data.fd, argv[3]);
    }
    int trigger = connect_to(argv[1], SOCK_STREAM);
    puts("sent");
    fflush(stdout);
    if (getchar() == EOF) {
        return 1;
    }
    int64_t start = now();
    send_request(trigger, argv[4]);
    struct epoll_event events[256];
    while (left > 0) {
        long ready = ok(epoll_wait(epoll, events, 256, -1), "epoll_wait");
        for (long i = 0; i < ready; i++) {
            char answer[4096];
            ssize_t length = ok(recv(events[i].data.fd, answer, sizeof answer - 1, 0), "recv");
            answer[length] = 0;
            if (http_answer(answer, (size_t) length) == 0) {
                refused(answer); /* so short an answer comes in one piece */
            }
            left--;
        }
    }
    printf("%ld\n", (long) (now() - start));
}
