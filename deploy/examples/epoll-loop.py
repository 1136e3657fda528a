#!/usr/bin/env python3
"""eventfd's second classic use: an epoll loop with sockets in it that another process wakes.

    eventfdd serve --runtime-dir /tmp/eventfdd            # in a shell of its own; server/bin/eventfdd in the checkout
    ./epoll-loop.py /tmp/eventfdd wake /tmp/upper.sock
    eventfdd write --runtime-dir /tmp/eventfdd wake 5     # in another shell; 1000 ends it

It answers in upper case on the Unix socket, and prints each count that comes. Any process may wake it: signal.c, a JVM.
"""
import contextlib, os, select, socket, sys
from eventfdd import open_eventfd, read_now

directory, name, path = sys.argv[1:]
wake = open_eventfd(name, directory)
server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
with contextlib.suppress(FileNotFoundError):
    os.unlink(path)                         # of the last run
server.bind(path)
server.listen()
clients, loop = {}, select.epoll()
loop.register(wake, select.EPOLLIN)
loop.register(server, select.EPOLLIN)
print("ready", flush=True)

while True:
    for fd, _ in loop.poll():
        if fd == wake:
            count = read_now(wake)
            if not count:
                continue                    # another holder was faster
            print("woken", count, flush=True)
            if count == 1000:
                sys.exit()
        elif fd == server.fileno():
            client, _ = server.accept()
            clients[client.fileno()] = client
            loop.register(client, select.EPOLLIN)
        else:
            try:
                data = clients[fd].recv(4096)
                clients[fd].send(data.upper())
            except ConnectionError:         # only this client is gone
                data = b""
            if not data:
                loop.unregister(fd)
                clients.pop(fd).close()
