#!/usr/bin/env bash
# lsof 4.95.0 and fuser (psmisc) 23.6 (Debian 12, lsof 4.95.0-1 and psmisc 23.6-1): neither finds who holds an eventfd or a listening
# Unix socket if the main thread of that process has ended, though its other threads go on.
# A main() that starts threads and calls pthread_exit(3) is right. But both read /proc/PID/fd, which is the table of the main
# thread: it is empty from then on, only root may read it, and the state in /proc/PID/stat is Z, a zombie. The descriptors are in
# /proc/PID/task/TID/fd of the threads. pidfd_open(2) and poll(2) tell the truth: the process has not ended, and its server accepts connections.
# So neither "nobody holds it" nor "Z" is a reason to remove a socket, or to take a lock or a lease for abandoned.
#
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed. Needs gcc and python3.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
timeout --foreground 120 apt-get -qq download lsof=4.95.0-1 psmisc=23.6-1 2>/dev/null ||
    { echo "${0##*/}: cannot download the packages of Debian 12; is there a network?" >&2; exit 75; }
for package in ./*.deb; do dpkg-deb -x "$package" root; done
root/usr/bin/lsof -v >/dev/null 2>&1 || { echo "${0##*/}: needs the libraries of Debian 12's lsof" >&2; exit 75; }
cat >server.c <<'C'
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
static int server;
static void *serve(void *nothing) { // until its stdin ends
    char byte;
    while (read(0, &byte, 1) > 0) close(accept(server, 0, 0));
    _exit(0);
}
int main(int count, char **arguments) {
    struct sockaddr_un address = {AF_UNIX, "socket"};
    pthread_t thread;
    server = socket(AF_UNIX, SOCK_STREAM, 0);
    bind(server, (struct sockaddr *)&address, sizeof address), listen(server, 9), eventfd(0, 0);
    pthread_create(&thread, 0, serve, 0);
    count > 1 ? pthread_exit(0) : pthread_join(thread, 0); // the former ends the main thread alone
}
C
timeout --foreground 60 gcc -pthread -o server server.c
cat >try.py <<'PYTHON'
import os, select, socket, subprocess
for what in [], ["exit"]:
    server = subprocess.Popen(["./server"] + what, stdin=subprocess.PIPE)
    state = lambda: open(f"/proc/{server.pid}/stat").read().rsplit(")")[1].split()[0]
    while state() != ("Z" if what else "S") or len(os.listdir(f"/proc/{server.pid}/task")) < 2: pass
    run = lambda *command: subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    lsof, fuser = run("root/usr/bin/lsof", "-w", "-p", str(server.pid)), run("root/bin/fuser", "socket")
    ended = any(select.select([os.pidfd_open(server.pid)], [], [], 0)[0])
    (client := socket.socket(socket.AF_UNIX)).connect("socket")
    server.stdin.write(b"x"), server.stdin.flush()
    print(f"state {state()}, lsof finds the eventfd {'eventfd' in lsof}, fuser a holder of the socket {str(server.pid) in fuser}, "
          f"ended {ended}, served {client.recv(1) == b''}")
    server.communicate(timeout=10), os.remove("socket")
PYTHON
timeout --foreground 60 python3 try.py | tee seen
diff seen - <<'OUTPUT'
state S, lsof finds the eventfd True, fuser a holder of the socket True, ended False, served True
state Z, lsof finds the eventfd False, fuser a holder of the socket False, ended False, served True
OUTPUT
