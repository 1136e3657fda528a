/*
 * load http|redis SOCKET SECONDS [PERCENT] < PLAN: how many answers a second a server gives. Each connection sends its
 * requests in turn, the next when the last one's answer is there, for SECONDS; or all of them once, where that is 0. With
 * PERCENT, the percentile of the nanoseconds that a connection takes to send them all once and have the answers.
 *
 * PLAN: the number of connections; then for each the number of its requests, and for each of these its length in bytes,
 * a newline, and the bytes.
 */
#include "answers.h"
#include "unix-socket.h"

#include <sys/epoll.h>

enum { MOST = 1 << 20 };

static int64_t times[MOST];
static size_t turns;

struct request {
    char *bytes;
    size_t length;
};

struct connection {
    int fd;
    struct request *requests;
    long count, next;
    int64_t began; /* with the first of its requests */
    size_t filled;
    char answer[4096];
};

static long number(void)
{
    long value;
    if (scanf("%ld", &value) != 1 || getchar() != '\n') {
        fprintf(stderr, "not a plan\n");
        exit(2);
    }
    return value;
}

static void plan(struct connection *connection)
{
    connection->count = number();
    connection->requests = calloc((size_t) connection->count, sizeof *connection->requests);
    for (long i = 0; i < connection->count; i++) {
        struct request *request = &connection->requests[i];
        request->length = (size_t) number();
        request->bytes = malloc(request->length);
        if (fread(request->bytes, 1, request->length, stdin) != request->length) {
            die("the plan ends early");
        }
    }
}

static void send_next(struct connection *connection)
{
    struct request *request = &connection->requests[connection->next++ % connection->count];
    if (send(connection->fd, request->bytes, request->length, MSG_NOSIGNAL) != (ssize_t) request->length) {
        die("send");
    }
}

/* Notes how long a connection took for all of its requests. */
static void note_turn(struct connection *connection)
{
    int64_t began = connection->began;
    connection->began = now();
    if (turns < MOST) {
        times[turns++] = connection->began - began;
    }
}

/* Reads what is there: whether that made an answer whole. */
static int receive_answer(struct connection *connection, size_t (*answer)(const char *, size_t))
{
    size_t room = sizeof connection->answer - 1 - connection->filled;
    ssize_t length = ok(recv(connection->fd, connection->answer + connection->filled, room, 0), "recv");
    if (length == 0) {
        refused("the end of the connection");
    }
    connection->filled += (size_t) length;
    connection->answer[connection->filled] = 0;
    if (answer(connection->answer, connection->filled) == 0) {
        return 0;
    }
    connection->filled = 0; /* one request at a time: nothing comes behind it */
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        return 2;
    }
    size_t (*answer)(const char *, size_t) = strcmp(argv[1], "http") == 0 ? http_answer : redis_answer;
    int once = atof(argv[3]) == 0;
    double percent = argc > 4 ? atof(argv[4]) : 0;
    long size = number(), open = size, answers = 0;
    struct connection *connections = calloc((size_t) size, sizeof *connections);
    int epoll = (int) ok(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    for (struct connection *each = connections; each < connections + size; each++) {
        plan(each);
        each->fd = connect_to(argv[2], SOCK_STREAM);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = each};
        ok(epoll_ctl(epoll, EPOLL_CTL_ADD, each->fd, &event), "epoll_ctl");
    }
    int64_t start = now(), end = in_seconds(argv[3]);
    for (struct connection *each = connections; each < connections + size; each++) {
        each->began = start;
        send_next(each);
    }
    struct epoll_event events[64];
    while (open > 0 && (once || answers == 0 || (percent > 0 && turns == 0) || now() < end)) {
        long ready = ok(epoll_wait(epoll, events, 64, 10), "epoll_wait");
        for (long i = 0; i < ready; i++) {
            struct connection *connection = events[i].data.ptr;
            if (!receive_answer(connection, answer)) {
                continue;
            }
            answers++;
            if (percent > 0 && connection->next % connection->count == 0) {
                note_turn(connection);
            }
            if (once && connection->next == connection->count) {
                open--;
            } else {
                send_next(connection);
            }
        }
    }
    double rate = (double) answers * 1e9 / (double) (now() - start);
    printf("%f\n", percent > 0 ? (double) percentile(times, turns, percent) : rate);
}
