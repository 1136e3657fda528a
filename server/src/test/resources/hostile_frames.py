#!/usr/bin/env python3
"""Hostile packets on fd.sock: hostile_frames.py RUNTIME_DIRECTORY SEED SECONDS

Random bytes, requests with mutations, and descriptors that nobody asked for: sockets, files, memfds, pipes, eventfds, epoll sets,
the connection itself, 253 at once. A reply is a JSON object: either what was asked for with as many descriptors, or a problem
without any. What was sent is closed: the other end of a pipe sees it. Prints what it did, and exits with 1 at the first thing
that must not be.
"""
import array
import collections
import json
import os
import random
import select
import socket
import struct
import sys
import time

DIRECTORY, SEED, SECONDS = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
BOUND = 20
rng = random.Random(SEED)
done = collections.Counter()


def fail(why):
    print("seed", SEED, why, flush=True)
    os._exit(1)


def connect():
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect(DIRECTORY + "/fd.sock")
    return connection


# What a packet says

def name():
    return rng.choice(["raw", "raw-2", "missing", "frame-%d" % rng.randrange(40), "", "-", "é", "a" * 129, "\ud800", "x\0y"])


def spec():
    fields = {"initial": rng.choice([0, 1, 2**32 - 1, 2**32, -1, 1.5, "7", "x", None, 10**400, [], {}]),
              "semaphore": rng.choice([True, False, 1, "true", None]), "nonblocking": rng.choice([True, False, 0]),
              "mode": rng.choice(["0660", "0666", "600", "999", "", 660, None]), "exclusive": rng.choice([True, False, 3]),
              "typo": 1}
    return {key: fields[key] for key in rng.sample(sorted(fields), rng.randrange(4))}


def entry():
    return rng.choice([{"name": name()}, {"name": name(), "create": {}}, {"name": name(), "create": spec()},
                       {"create": {}}, name(), None, [], {"name": [name()]}, {"name": "frame-%d" % rng.randrange(40), "create": {}}])


def request():
    return rng.choice([
        {"op": "open", "eventfds": [{"name": "raw"}]},
        {"op": "open", "eventfds": [{"name": "frame-%d" % rng.randrange(40), "create": {}}]},
        {"op": "open", "eventfds": [entry() for _ in range(rng.choice([0, 1, 2, 5, 253, 254, 1000]))]},
        {"op": rng.choice(["OPEN", "close", "", 1, None]), "eventfds": [entry()]},
        {"eventfds": [entry()]}, {"op": "open"}, [], "open", 1, None,
        {"op": "open", "eventfds": [{"name": "raw"}], rng.choice(["flags", "\u0000", "op "]): 1},
    ])


def mutated(data):
    data = bytearray(data)
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(6)
        if kind == 0 and at < len(data):
            data[at] = rng.randrange(256)
        elif kind == 1:
            data[at:at] = rng.choice([b"{", b"[", b'"', b"\\u0000", b"\xff\xfe", b"\xed\xa0\x80", b"9" * 1000, b"1e999999999", b"//", b"\0"])
        elif kind == 2:
            del data[at:at + rng.randrange(20)]
        elif kind == 3:
            data[at:at] = data[rng.randrange(len(data) + 1):][:rng.randrange(60)]
        elif kind == 4:
            data += bytes(rng.randrange(256) for _ in range(rng.randrange(8)))
        else:
            data[at:at] = rng.choice([b"[", b'{"a":']) * rng.choice([10, 1000, 10000])
    return bytes(data)


def packet():
    kind = rng.randrange(10)
    if kind < 5:
        return json.dumps(request()).encode("utf-8", "surrogatepass")
    if kind < 8:
        return mutated(json.dumps(request()).encode())
    if kind == 8:
        return os.urandom(rng.choice([1, 7, 100, 5000])) if rng.random() < 0.9 else b""
    return (b'{"op":"open","eventfds":[{"name":"raw"}]}' + b" " * 70000)[:rng.choice([65535, 65536, 65537, 70000])]


# Descriptors that nobody asked for

def strangers(connection):
    """Descriptors, and what is to be closed with them."""
    kind = rng.randrange(11)
    if kind == 0:
        a, b = socket.socketpair()
        socket.send_fds(a, [b"x"], [b.fileno(), a.fileno()])  # in flight within what is in flight
        return [a.fileno(), b.fileno()], [a, b]
    if kind == 1:
        return [os.open("/dev/null", os.O_RDWR)], []
    if kind == 2:
        return [os.memfd_create("hostile")], []
    if kind == 3:
        return list(os.pipe()), []
    if kind == 4:
        return [os.eventfd(0)] * 253, []
    if kind == 5:
        poll = select.epoll()
        poll.register(connection.fileno())
        return [poll.fileno()], [poll]
    if kind == 6:
        return [connection.fileno()] * 3, []
    if kind == 7:
        return [os.open("/", os.O_PATH)], []
    if kind == 8:
        server, client = socket.create_server(("127.0.0.1", 0)), socket.socket()
        client.connect(server.getsockname())
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 5))
        client.send(b"unread" * 100)
        return [client.fileno()], [client, server]
    if kind == 9:
        return [os.open("/proc/self/mem", os.O_RDONLY)], []
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind("")
    listener.listen()
    return [listener.fileno()], [listener]


def send_strangers(connection):
    fds, keep = strangers(connection)
    data = packet() or b"{}"
    watched = None
    if rng.random() < 0.3 and len(fds) < 253:
        watched, ours = os.pipe()
        fds = fds + [ours]
    try:
        connection.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])
        sent = True
    except OSError:
        sent = False
    for fd in set(fds):
        if fd != connection.fileno() and all(fd != it.fileno() for it in keep):
            os.close(fd)
    for it in keep:
        it.close()
    return watched, sent, len(data) > 65536


# What comes back

def reply(connection):
    """The reply as JSON and its number of descriptors; None where the connection is at its end."""
    connection.settimeout(BOUND)
    try:
        data, fds, flags, _ = socket.recv_fds(connection, 1 << 17, 253)
    except (ConnectionError, BrokenPipeError):
        return None
    except TimeoutError:
        fail("no reply in time")
    for fd in fds:
        os.close(fd)
    if not data:
        return None
    answer = json.loads(data)
    if flags & (socket.MSG_CTRUNC | socket.MSG_TRUNC) or len(data) > 65536:
        fail("a reply that does not fit")
    if "eventfds" in answer:
        if len(answer["eventfds"]) != len(fds):
            fail(f"{len(fds)} descriptors with {data[:300]}")
        done["opened"] += 1
    else:
        if fds:
            fail(f"descriptors with {data[:300]}")
        if answer["type"].endswith(":internal"):
            fail(f"a bug: {data[:300]}")
        done[answer["type"].rpartition(":")[2]] += 1
    return answer


def converse():
    connection = connect()
    for _ in range(rng.randrange(1, 6)):
        if rng.random() < 0.3:
            watched, sent, large = send_strangers(connection)
            done["strangers"] += 1
            answer = reply(connection) if sent else None
            expected = (":too-large",) if large else (":invalid-request", ":limit")
            if answer is not None and not answer["type"].endswith(expected):
                fail(f"strangers are answered with {answer}")
            if watched is not None:
                if sent and not select.select([watched], [], [], BOUND)[0]:
                    fail("what nobody asked for is not closed")
                os.close(watched)
            if answer is None:
                break
        else:
            try:
                connection.send(packet())
            except OSError:
                break
            if reply(connection) is None:
                break
    connection.close()


def rush(deaf):
    """Sends much and takes nothing."""
    connection = connect()
    connection.setblocking(False)
    try:
        for _ in range(rng.randrange(1, 30)):
            if rng.random() < 0.3:
                watched, *_ = send_strangers(connection)
                if watched is not None:
                    os.close(watched)
            else:
                connection.send(packet())
    except OSError:
        pass
    done["deaf"] += 1
    deaf.append(connection)
    if len(deaf) > 40:
        deaf.popleft().close()


end = time.monotonic() + SECONDS
deaf = collections.deque()
while time.monotonic() < end:
    if rng.random() < 0.15:
        rush(deaf)
    else:
        converse()
for connection in deaf:
    connection.close()
print("hostile frames, seed", SEED, dict(done), flush=True)
