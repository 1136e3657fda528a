#!/usr/bin/env python3
"""Runs a script for which another reader is always faster: robbed.py SCRIPT ARGUMENT...

What epoll(7) reports of an eventfd is taken before the script can read it. Only 1000 is left to it.
"""
import array
import os
import runpy
import select
import sys


class Robbed:
    """An epoll set."""

    def __init__(self, epoll=select.epoll):
        self.epoll = epoll()
        self.register = self.epoll.register
        self.unregister = self.epoll.unregister
        self.close = self.epoll.close

    def poll(self):
        events = self.epoll.poll()
        for fd, _ in events:
            if os.readlink(f"/proc/self/fd/{fd}") == "anon_inode:[eventfd]":
                value = array.array("Q", [0])
                os.preadv(fd, [value], -1, os.RWF_NOWAIT)
                if value[0] == 1000:
                    os.eventfd_write(fd, 1000)
        return events


select.epoll = Robbed
sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.dirname(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name="__main__")
