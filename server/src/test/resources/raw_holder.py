#!/usr/bin/env python3
"""A hostile holder of a raw descriptor: raw_holder.py RUNTIME_DIRECTORY NAME WAY

fill    clears O_NONBLOCK, fills the counter, and stays
write   clears O_NONBLOCK and writes in a tight loop, which blocks where there is no room
full    keeps the counter full: clears O_NONBLOCK, drains it and fills it in a tight loop
flag    fills the counter, then sets and clears O_NONBLOCK in a tight loop
toggle  sets and clears O_NONBLOCK in a tight loop, and fills the counter in between
read    drains it in a tight loop

Prints "at it" when it is, and ends with its standard input.
"""
import array
import json
import os
import socket
import sys
import threading

MOST = 2**64 - 2
directory, name, way = sys.argv[1:]
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asking:
    asking.connect(directory + "/fd.sock")
    asking.send(json.dumps({"op": "open", "eventfds": [{"name": name}]}).encode())
    _, (fd,), _, _ = socket.recv_fds(asking, 65536, 1)


def read():
    try:
        os.preadv(fd, [array.array("Q", [0])], -1, os.RWF_NOWAIT)
    except BlockingIOError:
        pass


def write(value):
    try:
        os.eventfd_write(fd, value)
    except BlockingIOError:
        pass


def fill():
    read()
    os.set_blocking(fd, False)
    write(MOST)


def toggle():
    os.set_blocking(fd, True)
    os.set_blocking(fd, False)
    fill()


def flag():
    os.set_blocking(fd, True)
    os.set_blocking(fd, False)


def at_it():
    os.set_blocking(fd, True)
    if way == "fill":
        fill()
        os.set_blocking(fd, True)
        print("at it", flush=True)
        return
    if way == "flag":
        fill()
    step = {"flag": flag, "write": lambda: write(2**62), "full": lambda: (read(), write(MOST)), "toggle": toggle, "read": read}[way]
    step()
    print("at it", flush=True)
    while True:
        step()


threading.Thread(target=at_it, daemon=True).start()
sys.stdin.read()
os._exit(0)
