#!/usr/bin/env python3
"""eventfd's second classic use: an epoll loop with sockets in it that another process wakes.

epoll-loop.py DIR NAME SOCKET serves upper-case on the Unix socket SOCKET, and tells each count that comes on eventfd NAME; the
count 1000 ends it. Anyone may wake it: curl -X POST .../v1/eventfds/NAME/write, signal.c, a JVM.
"""
import select, socket, sys
from eventfdd import open_eventfd, read_now

directory, name, path = sys.argv[1:]
wake = open_eventfd(name, directory)
server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
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
        elif data := clients[fd].recv(4096):
            clients[fd].send(data.upper())
        else:
            loop.unregister(fd)
            clients.pop(fd).close()
