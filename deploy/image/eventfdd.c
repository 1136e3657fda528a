/*
 * `eventfdd` in the image, where there is no shell: becomes Java with the options of the files lib/NAME.options.
 *
 *   EVENTFDD_JAVA_OPTS   more options for the JVM, with spaces between; they come last and win
 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOME "/opt/eventfdd"
#define SIGNALS "-Deventfdd.signals."
#define INHERITED "-Deventfdd.inherited="

static char blocked[64] = SIGNALS "blocked=0", ignored[64] = SIGNALS "ignored=0", inherited[4096] = INHERITED;

/* Java changes what is blocked and ignored, and what it becomes is to have both as they are. */
static void look_at_signals(void) {
    FILE *status = fopen("/proc/self/status", "re");
    char line[256], mask[17];
    while (status && fgets(line, sizeof line, status)) {
        if (sscanf(line, "SigBlk: %16s", mask) == 1) {
            snprintf(blocked, sizeof blocked, SIGNALS "blocked=%s", mask);
        } else if (sscanf(line, "SigIgn: %16s", mask) == 1) {
            snprintf(ignored, sizeof ignored, SIGNALS "ignored=%s", mask);
        }
    }
    if (status) {
        fclose(status);
    }
}

/* The descriptors that are passed on, besides 0, 1 and 2: later nobody can tell them from those that Java opens. */
static void look_at_descriptors(void) {
    DIR *descriptors = opendir("/proc/self/fd");
    struct dirent *entry;
    size_t length = strlen(inherited);
    while (descriptors && (entry = readdir(descriptors))) {
        int number = atoi(entry->d_name);
        int flags = number > 2 ? fcntl(number, F_GETFD) : -1;
        if (flags >= 0 && !(flags & FD_CLOEXEC) && length + 12 < sizeof inherited) {
            length += (size_t) snprintf(inherited + length, sizeof inherited - length, "%d,", number);
        }
    }
    if (descriptors) {
        closedir(descriptors);
    }
}

int main(int argc, char **argv) {
    char *more = getenv("EVENTFDD_JAVA_OPTS");
    size_t room = (size_t) argc + (more ? strlen(more) / 2 + 1 : 0) + 13;
    char **args = calloc(room, sizeof *args);
    if (!args) {
        perror("eventfdd");
        return 1;
    }
    char **next = args;
    *next++ = "eventfdd";
    *next++ = "@" HOME "/lib/java.options";
    int bridge = argc > 1 && strcmp(argv[1], "bridge") == 0;
    if (argc > 1 && strcmp(argv[1], "serve") == 0) {
        *next++ = "@" HOME "/lib/serve.options";
    } else if (bridge) {
        /* It has more jars than the others, so it begins with a class and not with a jar. */
        *next++ = "@" HOME "/lib/bridge.options";
    } else {
        *next++ = "@" HOME "/lib/command.options";
    }
    if (argc > 1 && (strcmp(argv[1], "exec") == 0 || strcmp(argv[1], "run") == 0)) {
        /*
         * They become a program: Java must not catch a signal that comes a moment before. Java that catches none would
         * open a socket for debuggers.
         */
        look_at_signals();
        look_at_descriptors();
        *next++ = "-Xrs";
        *next++ = "-XX:+DisableAttachMechanism";
        *next++ = blocked;
        *next++ = ignored;
        *next++ = inherited;
    }
    for (char *word = more ? strtok(more, " ") : NULL; word; word = strtok(NULL, " ")) {
        *next++ = word;
    }
    if (bridge) {
        *next++ = "io.eventfdd.server.Main";
    } else {
        *next++ = "-jar";
        *next++ = HOME "/lib/eventfdd-server.jar";
    }
    memcpy(next, argv + 1, (size_t) argc * sizeof *argv); /* with its NULL */
    execv(HOME "/jre/bin/java", args);
    fprintf(stderr, "eventfdd: cannot run %s: %s\n", HOME "/jre/bin/java", strerror(errno));
    return 127;
}
