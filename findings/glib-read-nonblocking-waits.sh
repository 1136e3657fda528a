#!/usr/bin/env bash
# GLib 2.74.6 (Debian 12, libglib2.0-0 and libglib2.0-dev 2.74.6-2+deb12u9): g_pollable_input_stream_read_nonblocking() on a
# GUnixInputStream waits, although O_NONBLOCK is set, if another reader of the descriptor is faster.
#
# It asks poll(2) whether the descriptor is readable. If so, it calls the stream's blocking read, which takes EAGAIN for a reason
# to poll again, without a timeout. So where processes share an eventfd or a pipe, one that loses the race stands still, with its
# main loop, until the next value comes. Who shares a descriptor calls read(2) itself, in a callback of g_unix_fd_add().
# Here the other reader takes the value right after the first poll(2), and the next value comes a second later.
#
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed. Needs gcc.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
timeout --foreground 120 apt-get -qq download libglib2.0-{0,dev}=2.74.6-2+deb12u9 2>/dev/null ||
    { echo "${0##*/}: cannot download the packages of Debian 12; is there a network?" >&2; exit 75; }
for package in ./*.deb; do dpkg-deb -x "$package" root; done

cat >try.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <gio/gunixinputstream.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

static eventfd_t value;
static int fd, other = -1; // one open file description, two readers

int poll(struct pollfd *fds, nfds_t count, int timeout) {
    int ready = ((int (*)(struct pollfd *, nfds_t, int))dlsym(RTLD_NEXT, "poll"))(fds, count, timeout);
    if (ready > 0 && fds[0].fd == fd && other >= 0) eventfd_read(other, &value), other = -1;
    return ready;
}
static gpointer write_later(gpointer nothing) {
    g_usleep(G_USEC_PER_SEC);
    eventfd_write(fd, 2);
    return nothing;
}
int main(void) {
    fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    GPollableInputStream *stream = G_POLLABLE_INPUT_STREAM(g_unix_input_stream_new(fd, FALSE));
    GError *error = NULL;
    g_pollable_input_stream_read_nonblocking(stream, &value, sizeof value, NULL, &error);
    puts(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ? "nothing there: would block" : "nothing there: other");
    other = dup(fd);
    eventfd_write(fd, 1);
    GThread *writer = g_thread_new("writer", write_later, NULL);
    g_pollable_input_stream_read_nonblocking(stream, &value, sizeof value, NULL, NULL);
    puts(value == 2 ? "another was faster: waited for the next value" : "another was faster: did not wait");
    g_thread_join(writer);
}
C
lib=$place/root/usr/lib/$(gcc -dumpmachine)
timeout --foreground 60 gcc -Iroot/usr/include/{glib-2.0,gio-unix-2.0} "-I$lib/glib-2.0/include" -o try try.c "$lib"/lib{gio,gobject,glib}-2.0.so.0
printf '%s\n' "nothing there: would block" "another was faster: waited for the next value" >expected
LD_LIBRARY_PATH=$lib timeout --foreground 20 ./try | tee seen
diff expected seen
