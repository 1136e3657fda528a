#!/usr/bin/env python3
"""The load of ConservationIT, which says what it is for and how it settles who has what.

    conservation.py RUNTIME_DIRECTORY JOURNAL SEED SECONDS

Forks workers that write, read and wait, over HTTP and on raw descriptors, and kills each of them after a random time. Then it
prints "over", and does what it reads: "hold" opens all eventfds raw, "read" prints what is left in each.

Every worker appends to the one journal, a line a write(2):

    wrote NAME VALUE               added, for sure
    took NAME VALUE                taken, for sure
    key KEY PATH BODY              is about to be called with that Idempotency-Key
    answered KEY STATUS BODY       its answer was taken
    killed DOING                   by the supervisor: a worker died while it was doing that
    wrong ...                      must not happen
"""
import array
import json
import mmap
import os
import random
import select
import signal
import socket
import sys
import time

DIRECTORY, JOURNAL, SEED, SECONDS = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
SLOTS = 10
# plain: never leaves the daemon. shared: raw descriptors of it are about. full: has no room most of the time.
PLAIN, SHARED, SEMAPHORES, FULL = ["plain", "plain-sem"], ["shared", "shared-sem"], ["plain-sem", "shared-sem"], "full"
ALL = PLAIN + SHARED + [FULL]

journal = os.open(JOURNAL, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def note(*words):
    line = (" ".join(str(word) for word in words) + "\n").encode()
    assert os.write(journal, line) == len(line)


def compact(value):
    return json.dumps(value, separators=(",", ":"))


class Spared:
    """The supervisor does not kill a worker in here. What is in here is one step of a client and its line in the journal."""

    def __init__(self, board, slot):
        self.board, self.slot, self.depth = board, slot, 0

    def __enter__(self):
        self.depth += 1
        self.board[2 * self.slot] = 1

    def __exit__(self, *_):
        self.depth -= 1
        self.board[2 * self.slot] = 1 if self.depth else 0


class Gone(Exception):
    """The daemon ended the connection."""


class Http:
    """One connection after the other, one request at a time."""

    def __init__(self, rng, spared):
        self.rng, self.spared, self.socket = rng, spared, None

    def send(self, method, path, body=None, key=None):
        if self.socket is None or self.rng.random() < 0.1:
            self.close()
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.connect(DIRECTORY + "/api.sock")
        text = "" if body is None else compact(body)
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(text)}\r\n"
        if key:
            head += f"Idempotency-Key: {key}\r\n"
        if text:
            head += "Content-Type: application/json\r\n"
        data = (head + "\r\n" + text).encode()
        if self.rng.random() < 0.2:
            cut = self.rng.randrange(len(data))
            self.socket.sendall(data[:cut])
            data = data[cut:]
        self.socket.sendall(data)

    def some(self, most):
        data = self.socket.recv(most)
        if not data:
            raise Gone()
        return data

    def answer(self, take=lambda status, body: None):
        """Takes the answer off the socket; the last byte in one step with take(status, body)."""
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.some(16)  # less than any body of a value, so that its last byte is not among them
        head, _, body = head.partition(b"\r\n\r\n")
        status, length = int(head[9:12]), 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line[15:])
        while length - len(body) > 1:
            body += self.some(self.rng.randint(1, length - len(body) - 1))
        with self.spared:
            if len(body) < length:
                body += self.some(1)
            value = json.loads(body) if body else None
            take(status, value)
        return status, value

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None


class Worker:
    def __init__(self, board, slot, number):
        self.rng = random.Random(SEED * 1_000_003 + number)
        self.number, self.keys = number, 0
        self.board, self.slot = board, slot
        self.spared = Spared(board, slot)
        self.http = Http(self.rng, self.spared)
        self.raw = {}

    def run(self):
        weights = [weight for _, weight in DOINGS]
        while True:
            doing = self.rng.choices(range(len(DOINGS)), weights)[0]
            self.board[2 * self.slot + 1] = doing
            DOINGS[doing][0](self)

    # What may be done to which

    def timeout(self):
        return self.rng.choice(["0s", "0s", "5ms", "50ms"])

    def amount(self, name):
        if name in SEMAPHORES:
            return self.rng.randint(1, 4)
        return self.rng.randint(2**61, 2**63) if name == FULL else self.rng.choice([1, self.rng.randint(1, 2**40)])

    def write_call(self):
        name = self.rng.choice(ALL)
        return f"/v1/eventfds/{name}/write", {"value": self.amount(name), "timeout": self.timeout()}

    def read_call(self):
        if self.rng.random() < 0.7:
            return f"/v1/eventfds/{self.rng.choice(ALL + SEMAPHORES)}/read", {"timeout": self.timeout()}
        names = self.rng.sample(ALL, self.rng.randint(1, 3))
        mode = self.rng.choice(["any", "all"])
        return "/v1/wait", {"eventfds": names, "mode": mode, "consume": True, "timeout": self.timeout()}

    # Over HTTP, without a key

    def write(self):
        """Whether a writer that is killed has written nobody can say, so it is spared; the next one has a key."""
        path, body = self.write_call()
        with self.spared:
            self.http.send("POST", path, body)
            self.http.answer(lambda status, answer: self.written(path, status, answer))

    def written(self, path, status, answer):
        if status == 200:
            note("wrote", answer["name"], answer["value"])
        elif status != 409:
            note("wrong", path, status, compact(answer))

    def read(self):
        """Has the value when it has the last byte, and not before."""
        path, body = self.read_call()
        self.http.send("POST", path, body)
        if self.rng.random() < 0.05:
            self.http.socket.shutdown(socket.SHUT_WR)
            self.http.answer(lambda status, answer: self.taken(path, status, answer))
            self.http.close()
        else:
            self.http.answer(lambda status, answer: self.taken(path, status, answer))

    def taken(self, path, status, answer):
        if status == 200:
            for one in answer.get("ready", [answer]):
                note("took", one["name"], one["value"])
        elif status != 204:
            note("wrong", path, status, compact(answer))

    def turn_away(self):
        """Asks for a value, with a key or without, and leaves without all of the answer: it has nothing."""
        path, body = self.read_call()
        # What a key keeps goes back at the end, when nobody is left to make room for it.
        key = self.key() if self.rng.random() < 0.3 and FULL not in path + compact(body) else None
        self.http.send("POST", path, body, key)
        if self.rng.random() < 0.8:
            select.select([self.http.socket], [], [], self.rng.random() * 0.06)
            if self.rng.random() < 0.5:
                try:
                    self.http.socket.recv(self.rng.randint(1, 60), socket.MSG_DONTWAIT)
                except BlockingIOError:
                    pass
        self.http.close()

    # Over HTTP, with a key

    def key(self):
        self.keys += 1
        return f"{SEED}-{self.number}-{self.keys}"

    def keyed(self):
        """Tries until it has the answer. If it dies before, the test asks on with its key."""
        path, body = self.write_call() if self.rng.random() < 0.5 else self.read_call()
        key = self.key()
        note("key", key, path, compact(body))
        done = False
        while not done:
            self.http.send("POST", path, body, key)
            if self.rng.random() < 0.2:
                select.select([self.http.socket], [], [], self.rng.random() * 0.02)
                self.http.close()
                continue
            status, _ = self.http.answer(lambda status, answer: self.answered(key, status, answer))
            done = status != 409 or not in_use(_)

    def answered(self, key, status, answer):
        if not (status == 409 and in_use(answer)):
            note("answered", key, status, compact(answer))

    # That change nothing

    def wait(self):
        kind = self.rng.randrange(3)
        if kind == 0:
            self.http.send("GET", f"/v1/eventfds/{self.rng.choice(ALL)}/wait?timeout={self.timeout()}")
            self.looked(*self.http.answer())
        elif kind == 1:
            names = self.rng.sample(ALL, 3)
            mode = self.rng.choice(["any", "all"])
            self.http.send("POST", "/v1/wait", {"eventfds": names, "mode": mode, "timeout": self.timeout()})
            self.looked(*self.http.answer())
        else:
            self.http.send("GET", f"/v1/eventfds/{self.rng.choice(ALL)}/watch")
            select.select([self.http.socket], [], [], 0.05)
            self.http.close()

    def looked(self, status, answer):
        if status not in (200, 204):
            note("wrong", "wait", status, compact(answer))

    # On raw descriptors

    def descriptor(self, name):
        if name not in self.raw:
            self.raw[name] = open_raw([name])[0]
        return self.raw[name]

    def raw_write(self):
        name = self.rng.choice(SHARED + [FULL])
        fd, value = self.descriptor(name), self.amount(name)
        with self.spared:
            try:
                os.eventfd_write(fd, value)
                note("wrote", name, value)
            except BlockingIOError:
                pass

    def raw_read(self):
        name = self.rng.choice(SHARED + ["shared-sem", FULL])
        fd = self.descriptor(name)
        select.select([fd], [], [], self.rng.random() * 0.02)
        with self.spared:
            value = array.array("Q", [0])
            try:
                os.preadv(fd, [value], -1, os.RWF_NOWAIT)  # another one may have cleared O_NONBLOCK
                note("took", name, value[0])
            except BlockingIOError:
                pass

    def toggle(self):
        os.set_blocking(self.descriptor(self.rng.choice(SHARED)), self.rng.random() < 0.5)


DOINGS = [
    (Worker.write, 20),
    (Worker.read, 25),
    (Worker.turn_away, 10),
    (Worker.keyed, 30),
    (Worker.wait, 8),
    (Worker.raw_write, 8),
    (Worker.raw_read, 12),
    (Worker.toggle, 2),
]


def in_use(answer):
    return answer["type"].endswith(":idempotency-key-in-use")


def open_raw(names):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asking:
        asking.connect(DIRECTORY + "/fd.sock")
        asking.send(json.dumps({"op": "open", "eventfds": [{"name": name} for name in names]}).encode())
        reply, fds, flags, _ = socket.recv_fds(asking, 65536, len(names), socket.MSG_CMSG_CLOEXEC)
        if len(fds) != len(names) or flags & socket.MSG_CTRUNC:
            note("wrong", "open", reply.decode())
            os._exit(1)
        return fds


class Supervisor:
    def __init__(self):
        self.rng = random.Random(SEED)
        self.board = mmap.mmap(-1, 2 * SLOTS)
        self.workers = [None] * SLOTS
        self.number = 0

    def spawn(self, slot):
        self.number += 1
        self.board[2 * slot] = 0
        pid = os.fork()
        if pid == 0:
            try:
                Worker(self.board, slot, self.number).run()
            except BaseException as e:
                note("wrong", DOINGS[self.board[2 * slot + 1]][0].__name__, repr(e))
            os._exit(1)
        self.workers[slot] = (pid, time.monotonic() + self.rng.choice([0.02, 0.2, 1]) * self.rng.random())

    def kill(self, slot):
        """False where the worker must be spared just now; whether it must is looked at while it stands still."""
        pid, _ = self.workers[slot]
        os.kill(pid, signal.SIGSTOP)
        _, status = os.waitpid(pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            raise SystemExit(f"a worker ended by itself: {status}")
        if self.board[2 * slot]:
            os.kill(pid, signal.SIGCONT)
            return False
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        note("killed", DOINGS[self.board[2 * slot + 1]][0].__name__)
        self.workers[slot] = None
        return True

    def run(self):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            now = time.monotonic()
            for slot in range(SLOTS):
                if self.workers[slot] is None or (self.workers[slot][1] <= now and self.kill(slot)):
                    self.spawn(slot)
            time.sleep(0.003)
        left = [slot for slot in range(SLOTS) if self.workers[slot]]
        while left:
            left = [slot for slot in left if not self.kill(slot)]
            time.sleep(0.001)


Supervisor().run()
print("over", flush=True)
held = {}
for command in sys.stdin:
    if command.strip() == "hold":
        held = dict(zip(ALL, open_raw(ALL)))
        print("held", flush=True)
    elif command.strip() == "read":
        for name, fd in held.items():
            os.set_blocking(fd, False)
            total = 0
            try:
                while True:
                    total += os.eventfd_read(fd)
            except BlockingIOError:
                print(name, total, flush=True)
        break
