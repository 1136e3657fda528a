/* Leases over fd.sock. */
#ifndef LEASE_H
#define LEASE_H

#include "unix-socket.h"

enum { ID_LENGTH = 22 };

/* Asks for one permit of `name`, and waits for it. */
static inline void ask_for_lease(struct packet *request, const char *name, const char *holder)
{
    request->length = (size_t) sprintf(request->text,
        "{\"op\":\"lease\",\"take\":[{\"name\":\"%s\"}],\"holder\":\"%s\",\"timeout\":\"1m\"}", name, holder);
}

/* Asks for the release of the lease that `granted` grants. */
static inline void ask_for_release(struct packet *request, const struct packet *granted)
{
    static const char field[] = "{\"id\":\"";
    const char *id = granted->text + sizeof field - 1;
    if (strncmp(granted->text, field, sizeof field - 1) != 0 || strcspn(id, "\"") != ID_LENGTH) {
        fprintf(stderr, "no lease: %s\n", granted->text);
        exit(1);
    }
    request->length = (size_t) sprintf(request->text, "{\"op\":\"release\",\"id\":\"%.*s\"}", ID_LENGTH, id);
}

static inline void receive_answer(int fd, struct packet *reply)
{
    if (!receive_packet(fd, reply) || strncmp(reply->text, "{\"type\"", 7) == 0) {
        fprintf(stderr, "an answer is missing: %s\n", reply->text);
        exit(1);
    }
}

static inline void call(int fd, const struct packet *request, struct packet *reply)
{
    send_packet(fd, request);
    receive_answer(fd, reply);
}

#endif
