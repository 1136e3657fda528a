#!/usr/bin/env python3
"""Connects to each socket as a client does: who_listens.py DIRECTORY

Prints for api.sock and fd.sock the address that getpeername(2) shows, and the pid in SO_PEERCRED.
"""
import socket
import struct
import sys

for name, kind in ("api.sock", socket.SOCK_STREAM), ("fd.sock", socket.SOCK_SEQPACKET):
    with socket.socket(socket.AF_UNIX, kind) as client:
        client.connect(f"{sys.argv[1]}/{name}")
        pid = struct.unpack("iII", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        print(client.getpeername(), pid)
