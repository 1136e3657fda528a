/* Where the answer that a server sent ends: HTTP/1.1 with a Content-Length, or Redis's protocol. */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "bench.h"

#include <strings.h>

__attribute__((noreturn)) static inline void refused(const char *answer)
{
    fprintf(stderr, "not an answer to build on: %.200s\n", answer);
    exit(1);
}

/* How many bytes the first answer in `text` has; 0 where it is not whole yet. `text` ends with a 0. */
static inline size_t http_answer(const char *text, size_t length)
{
    const char *body = strstr(text, "\r\n\r\n");
    if (!body) {
        return 0;
    }
    if (strncmp(text, "HTTP/1.1 2", 10) != 0) {
        refused(text);
    }
    body += 4;
    const char *line = text;
    size_t size = 0;
    while (line < body - 2) {
        if (strncasecmp(line, "content-length:", 15) == 0) {
            size = strtoul(line + 15, NULL, 10);
        }
        line = strstr(line, "\r\n") + 2;
    }
    size += (size_t) (body - text);
    return size <= length ? size : 0;
}

static inline size_t redis_answer(const char *text, size_t length)
{
    const char *end = strstr(text, "\r\n");
    if (!end) {
        return 0;
    }
    if (*text == '-') {
        refused(text);
    }
    size_t size = (size_t) (end + 2 - text);
    long count = strtol(text + 1, NULL, 10);
    if (*text == '$' && count >= 0) {
        size += (size_t) count + 2;
    }
    for (long i = 0; *text == '*' && i < count; i++) {
        size_t element = size < length ? redis_answer(text + size, length - size) : 0;
        if (element == 0) {
            return 0;
        }
        size += element;
    }
    return size <= length ? size : 0;
}

#endif
