#!/usr/bin/env python3
"""Starts a daemon as a service manager does: service_manager.py DIRECTORY PID NAMES COUNTS COMMAND...

Binds both sockets in DIRECTORY, gives them to the command as its descriptors from 3 on, in the order of NAMES (api and fd, and
after them e1, e2, … which are eventfds of COUNTS, joined by commas), and becomes it. A name may be KIND=NAME, where the
command is told NAME; KIND is then api, fd, or "tcp" for a TCP listener. Without any NAME it is told no names at all. It is started under this process's number where PID is
"self", else the environment says another one. It makes the file DIRECTORY.listening once clients can connect.
"""
import os
import socket
import sys

directory, pid, names, counts, command = sys.argv[1], sys.argv[2], sys.argv[3].split(":"), sys.argv[4], sys.argv[5:]
TYPES = {"api": socket.SOCK_STREAM, "fd": socket.SOCK_SEQPACKET}
kinds = [name.partition("=")[0] for name in names]
names = [name.partition("=")[2] if "=" in name else name for name in names]
counts = [int(count) for count in counts.split(",") if count]

fds = []
for kind in kinds:
    if kind == "tcp":
        listener = socket.create_server(("127.0.0.1", 0))
        fds.append(listener.detach())
    elif kind in TYPES:
        listener = socket.socket(socket.AF_UNIX, TYPES[kind])
        listener.bind(f"{directory}/{kind}.sock")
        # By another process, as the service manager is one: listen(2) notes who it was.
        child = os.fork()
        if child == 0:
            listener.listen()
            os._exit(0)
        os.waitpid(child, 0)
        fds.append(listener.detach())
    else:
        fds.append(os.eventfd(0, os.EFD_NONBLOCK))
        os.eventfd_write(fds[-1], counts.pop(0))
with open(f"{directory}.listening", "x"):
    pass  # clients can connect
# Out of the way first, so that none is overwritten before it is moved.
high = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i, inheritable=True)
os.closerange(3 + len(fds), 256)
os.environ["LISTEN_FDS"] = str(len(fds))
if any(names):
    os.environ["LISTEN_FDNAMES"] = ":".join(names)
os.environ["LISTEN_PID"] = str(os.getpid()) if pid == "self" else pid
os.execv(command[0], command)
