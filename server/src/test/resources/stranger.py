#!/usr/bin/env python3
"""Sends one packet to fd.sock as another user, with descriptors of any kind: stranger.py SOCKET UID PACKET [KIND...]

Prints the reply, and a line for each descriptor that came with it: what proc(5) says that it is.
"""
import ctypes
import os
import socket
import sys

SOCKET, UID, PACKET, KINDS = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]
MAKE = {
    "counter": lambda: os.eventfd(5, os.EFD_NONBLOCK),
    "semaphore": lambda: os.eventfd(5, os.EFD_NONBLOCK | os.EFD_SEMAPHORE),
    "pipe": lambda: os.pipe()[0],
    "memfd": lambda: os.memfd_create("[eventfd]"),
    "timerfd": lambda: ctypes.CDLL(None).timerfd_create(1, 0),
    "epoll": lambda: ctypes.CDLL(None).epoll_create1(0),
    "socket": lambda: socket.socketpair()[0].detach(),
    "file": lambda: os.open("/dev/null", os.O_RDWR),
}

fds = [MAKE[kind]() for kind in KINDS]
os.setgroups([])
os.setresgid(UID, UID, UID)
os.setresuid(UID, UID, UID)
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asking:
    asking.connect(SOCKET)
    socket.send_fds(asking, [PACKET.encode()], fds)
    reply, received, _, _ = socket.recv_fds(asking, 65536, 253)
print(reply.decode())
for fd in received:
    print(os.readlink(f"/proc/self/fd/{fd}"))
