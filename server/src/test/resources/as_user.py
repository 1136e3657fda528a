#!/usr/bin/env python3
"""Makes calls as other users: as_user.py RUNTIME_DIRECTORY, as root.

Each line of the input is one user with its calls, and gets one line of output with an answer for each:

    {"uid": 1, "gid": 1, "groups": [2], "calls": [{"method": "GET", "path": "/v1", "body": ""},
                                         {"method": "OPEN", "path": "", "body": "{...}"}]}
    [[200, "{...}"], [1, "{...}"]]

An answer of OPEN, which is a packet on fd.sock, has the number of descriptors that came with it in place of a status. Of an
event stream only the status is read.
"""
import json
import os
import socket
import sys

DIRECTORY = sys.argv[1]


def http(method, path, body):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(DIRECTORY + "/api.sock")
        method, _, header = method.partition(" ")
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
        head += "Content-Type: application/json\r\n" if body else ""
        head += header + "\r\n" if header else ""
        connection.sendall((head + "\r\n" + body).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += connection.recv(65536)
        head, _, content = answer.partition(b"\r\n\r\n")
        if b"text/event-stream" not in head:
            while more := connection.recv(65536):
                content += more
        return [int(head[9:12]), content.decode()]


def open_raw(packet):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.connect(DIRECTORY + "/fd.sock")
        connection.send(packet.encode())
        reply, fds, _, _ = socket.recv_fds(connection, 65536, 253)
        return [len(fds), reply.decode()]


def as_user(user):
    os.setgroups(user["groups"])
    os.setresgid(user["gid"], user["gid"], user["gid"])
    os.setresuid(user["uid"], user["uid"], user["uid"])
    return [open_raw(body) if method == "OPEN" else http(method, path, body) for method, path, body in (call.values() for call in user["calls"])]


for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        print(json.dumps(as_user(json.loads(line))), flush=True)
        os._exit(0)
    if os.waitpid(pid, 0)[1]:
        print("failed", flush=True)
