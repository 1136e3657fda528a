/*
 * `eventfdd` in the image, where there is no shell: becomes Java with the options of the files lib/NAME.options.
 *
 *   EVENTFDD_JAVA_OPTS   more options for the JVM, with spaces between; they come last and win
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOME "/opt/eventfdd"

int main(int argc, char **argv) {
    char *more = getenv("EVENTFDD_JAVA_OPTS");
    size_t room = (size_t) argc + (more ? strlen(more) / 2 + 1 : 0) + 8;
    char **args = calloc(room, sizeof *args);
    if (!args) {
        perror("eventfdd");
        return 1;
    }
    char **next = args;
    *next++ = "eventfdd";
    *next++ = "@" HOME "/lib/java.options";
    if (argc > 1 && strcmp(argv[1], "serve") == 0) {
        *next++ = "@" HOME "/lib/serve.options";
    } else {
        *next++ = "@" HOME "/lib/command.options";
    }
    for (char *word = more ? strtok(more, " ") : NULL; word; word = strtok(NULL, " ")) {
        *next++ = word;
    }
    *next++ = "-jar";
    *next++ = HOME "/lib/eventfdd-server.jar";
    memcpy(next, argv + 1, (size_t) argc * sizeof *argv); /* with its NULL */
    execv(HOME "/jre/bin/java", args);
    fprintf(stderr, "eventfdd: cannot run %s: %s\n", HOME "/jre/bin/java", strerror(errno));
    return 127;
}
