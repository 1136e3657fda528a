#!/usr/bin/env python3
"""A service manager's ear: notify_socket.py ADDRESS, a path or @ and an abstract name.

Prints "listens", and then each message with its lines joined by spaces; behind it what it read from each eventfd that came along.
"""
import os
import socket
import sys

address = sys.argv[1]
ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.bind("\0" + address[1:] if address.startswith("@") else address)
print("listens", flush=True)
while True:
    message, fds, _, _ = socket.recv_fds(ear, 65536, 16)
    print(" ".join(message.decode().split("\n") + [f"[{os.eventfd_read(fd)}]" for fd in fds]), flush=True)
