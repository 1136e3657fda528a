#!/usr/bin/env python3
"""The other side of PingPong.java in Python, on the same two eventfds: ./pong.py /tmp/eventfdd 100000"""
import os, select, sys
from eventfdd import open_eventfd, read_now

directory, rounds = sys.argv[1], int(sys.argv[2])
ping, pong = open_eventfd("ping", directory), open_eventfd("pong", directory)
poll = select.poll()
poll.register(ping, select.POLLIN)
for _ in range(rounds):
    while not read_now(ping):
        poll.poll()
    os.eventfd_write(pong, 1)
print("pong:", rounds, "rounds, Python")
