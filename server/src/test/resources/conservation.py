#!/usr/bin/env python3
"""The load of ConservationIT, which says what it is for and how it settles who has what.

    conservation.py RUNTIME_DIRECTORY JOURNAL SEED SECONDS

Forks workers that write, read and wait, over HTTP and on raw descriptors, and kills each of them after a random time. Meanwhile
it asks the test for changes of the daemon, by a word on its output, and reads "done" when they are: "takeover", "restart"
(SIGTERM and a start), "settle" (nobody does anything: all that is in doubt is to be settled) and "kill" (SIGKILL and a start).
Then it prints "over", and does what it reads: "hold" opens all eventfds raw, "donate" brings them to the daemon that is there
now, "read" prints what is left in each.

Every worker appends to the one journal, a line a write(2):

    wrote NAME VALUE               added, for sure
    took NAME VALUE                taken, for sure
    key KEY PATH BODY              is about to be called with that Idempotency-Key
    answered KEY STATUS BODY       its answer was taken
    killed DOING                   by the supervisor: a worker died while it was doing that
    wrong ...                      must not happen
"""
import array
import contextlib
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


# What workers may begin. KEYS: no write without a key, since the daemon ends. RAW: nothing over HTTP. NOTHING: nothing at all.
ANYTHING, KEYS, RAW, NOTHING = range(4)
IDLE = 255


class Board:
    """What supervisor and workers know of each other: shared memory."""

    def __init__(self):
        self.bytes = mmap.mmap(-1, 2 * SLOTS + 2)

    @property
    def allowed(self):
        return self.bytes[2 * SLOTS]

    @allowed.setter
    def allowed(self, what):
        self.bytes[2 * SLOTS] = what

    @property
    def life(self):
        """Which daemon it is; changes before anything is allowed again."""
        return self.bytes[2 * SLOTS + 1]

    def next_life(self):
        self.bytes[2 * SLOTS + 1] = (self.life + 1) % 256

    def spare(self, slot, yes):
        self.bytes[2 * slot] = yes

    def is_spared(self, slot):
        return self.bytes[2 * slot] == 1

    def does(self, slot, doing):
        self.bytes[2 * slot + 1] = doing

    def doing(self, slot):
        return self.bytes[2 * slot + 1]

    @contextlib.contextmanager
    def unless_it_ends(self, life):
        """A connection that breaks in here, to the daemon of that life, breaks since it ends, or something is wrong."""
        try:
            yield
        except (Gone, ConnectionError, FileNotFoundError) as e:
            if self.life == life and self.allowed == ANYTHING:
                raise
            raise Ending() from e


class Spared:
    """The supervisor does not kill a worker in here. What is in here is one step of a client and its line in the journal."""

    def __init__(self, board, slot):
        self.board, self.slot, self.depth = board, slot, 0

    def __enter__(self):
        self.depth += 1
        self.board.spare(self.slot, 1)

    def __exit__(self, *_):
        self.depth -= 1
        self.board.spare(self.slot, 1 if self.depth else 0)


class Gone(Exception):
    """The daemon ended the connection."""


class Ending(Exception):
    """The daemon ends; another one is going to be there."""


class Http:
    """One connection after the other, one request at a time."""

    def __init__(self, rng, board, spared):
        self.rng, self.board, self.spared, self.socket, self.life = rng, board, spared, None, None

    def send(self, method, path, body=None, key=None):
        if self.socket is None or self.life != self.board.life or self.rng.random() < 0.1:
            self.close()
            self.life = self.board.life
        with self.board.unless_it_ends(self.life):
            self.send_now(method, path, body, key)

    def send_now(self, method, path, body, key):
        if self.socket is None:
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
        with self.board.unless_it_ends(self.life):
            status, value = self.answer_now(take)
        if status == 503:
            self.close()
            raise Ending()
        return status, value

    def answer_now(self, take):
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
            if status != 503:
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
        self.http = Http(self.rng, self.board, self.spared)
        self.raw = {}

    def run(self):
        weights = [weight for _, weight in DOINGS]
        while True:
            doing = self.rng.choices(range(len(DOINGS)), weights)[0]
            # In this order: once the supervisor has forbidden something, it looks who does it.
            self.board.does(self.slot, doing)
            if self.may(doing):
                try:
                    DOINGS[doing][0](self)
                except Ending:
                    self.http.close()
                    time.sleep(0.005)
            else:
                self.http.close()
                self.board.does(self.slot, IDLE)
                time.sleep(0.001)

    def may(self, doing):
        allowed, what = self.board.allowed, DOINGS[doing][0]
        if what in RAW_DOINGS:
            return allowed != NOTHING
        return allowed == ANYTHING or (allowed == KEYS and what != Worker.write)

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
        key = None
        if self.rng.random() < 0.3:
            key = self.key()
            note("key", key, path, compact(body))
        self.http.send("POST", path, body, key)
        if self.rng.random() < 0.8:
            select.select([self.http.socket], [], [], self.rng.random() * 0.06)
            if self.rng.random() < 0.5:
                try:
                    self.http.socket.recv(self.rng.randint(1, 60), socket.MSG_DONTWAIT)
                except (BlockingIOError, ConnectionError):
                    pass
        self.http.close()

    # Over HTTP, with a key

    def key(self):
        self.keys += 1
        return f"{SEED}-{self.number}-{self.keys}"

    def keyed(self):
        """Tries until it has the answer, of whichever daemon. If it dies before, the test asks on with its key."""
        path, body = self.write_call() if self.rng.random() < 0.5 else self.read_call()
        key = self.key()
        note("key", key, path, compact(body))
        while True:
            try:
                self.http.send("POST", path, body, key)
                if self.rng.random() < 0.2:
                    select.select([self.http.socket], [], [], self.rng.random() * 0.02)
                    self.http.close()
                    continue
                status, answer = self.http.answer(lambda status, answer: self.answered(key, status, answer))
                if status != 409 or not in_use(answer):
                    return
            except Ending:
                self.http.close()
                time.sleep(0.005)

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
            with self.board.unless_it_ends(self.board.life):
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
RAW_DOINGS = [Worker.raw_write, Worker.raw_read, Worker.toggle]


def in_use(answer):
    return answer["type"].endswith(":idempotency-key-in-use")


def fd_sock(request, fds=()):
    """The reply, and the descriptors that came with it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asking:
        asking.connect(DIRECTORY + "/fd.sock")
        socket.send_fds(asking, [compact(request).encode()], fds)
        reply, received, flags, _ = socket.recv_fds(asking, 65536, 253, socket.MSG_CMSG_CLOEXEC)
        if not reply:
            raise Gone()
        assert not flags & socket.MSG_CTRUNC
        return json.loads(reply), received


def open_raw(names):
    reply, fds = fd_sock({"op": "open", "eventfds": [{"name": name} for name in names]})
    if reply.get("type", "").endswith(":shutting-down"):
        raise Gone()
    if len(fds) != len(names):
        note("wrong", "open", compact(reply))
        os._exit(1)
    return fds


class Holder:
    """Holds eventfds as long as it lives, and brings them to the next daemon."""

    def __init__(self):
        self.fds = {}

    def hold(self, names):
        missing = [name for name in names if name not in self.fds]
        if missing:
            self.fds.update(zip(missing, open_raw(missing)))

    def donate(self):
        """To a daemon that waits for them, since the one before it ended without handing over."""
        brought = [{"name": name, "semaphore": name in SEMAPHORES} for name in self.fds]
        reply, _ = fd_sock({"op": "donate", "eventfds": brought}, list(self.fds.values()))
        for one in reply.get("eventfds", [reply]):
            if one.get("result") != "adopted":
                note("wrong", "donate", compact(one))

    def left(self):
        """What is in each, which is taken."""
        for name, fd in self.fds.items():
            os.set_blocking(fd, False)
            total = 0
            try:
                while True:
                    total += os.eventfd_read(fd)
            except BlockingIOError:
                yield name, total


class Ear:
    """What the test says."""

    def __init__(self):
        self.text = b""

    def word(self, patience=None):
        """The next word; None where it does not come in time."""
        while b"\n" not in self.text:
            if not select.select([0], [], [], patience)[0]:
                return None
            more = os.read(0, 4096)
            if not more:
                raise SystemExit("the test has gone")
            self.text += more
        word, _, self.text = self.text.partition(b"\n")
        return word.decode()


def say(word):
    print(word, flush=True)


class Supervisor:
    def __init__(self, ear, holder):
        self.rng = random.Random(SEED)
        self.ear, self.holder, self.board = ear, holder, Board()
        self.workers = [None] * SLOTS
        self.number = 0

    # Workers

    def spawn(self, slot):
        self.number += 1
        self.board.spare(slot, 0)
        self.board.does(slot, IDLE)
        pid = os.fork()
        if pid == 0:
            try:
                Worker(self.board, slot, self.number).run()
            except BaseException as e:
                note("wrong", DOINGS[self.board.doing(slot)][0].__name__, repr(e))
            os._exit(1)
        self.workers[slot] = (pid, time.monotonic() + self.rng.choice([0.02, 0.2, 1]) * self.rng.random())

    @contextlib.contextmanager
    def standing_still(self, slot):
        """What it is doing is looked at while it stands still."""
        pid, _ = self.workers[slot]
        os.kill(pid, signal.SIGSTOP)
        _, status = os.waitpid(pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            raise SystemExit(f"a worker ended by itself: {status}")
        try:
            yield pid
        finally:
            os.kill(pid, signal.SIGCONT)

    def kill(self, slot):
        """False where the worker must be spared just now."""
        with self.standing_still(slot) as pid:
            if self.board.is_spared(slot):
                return False
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        doing = self.board.doing(slot)
        note("killed", "nothing" if doing == IDLE else DOINGS[doing][0].__name__)
        self.workers[slot] = None
        return True

    def tend(self):
        """Kills those whose time has come, and begins others in their places."""
        now = time.monotonic()
        for slot in range(SLOTS):
            if self.workers[slot] is None or (self.workers[slot][1] <= now and self.kill(slot)):
                self.spawn(slot)

    def tend_for(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.tend()
            time.sleep(0.003)

    def allow(self, what, still_allowed):
        """From the return on, nobody does anything but that. Workers in the middle of something else end it first."""
        self.board.allowed = what
        for slot in range(SLOTS):
            while self.workers[slot]:
                with self.standing_still(slot):
                    doing = self.board.doing(slot)
                if doing == IDLE or DOINGS[doing][0] in still_allowed:
                    break
                time.sleep(0.001)

    # Daemons

    def change(self, how):
        getattr(self, how)()
        self.board.next_life()
        self.board.allowed = ANYTHING

    def takeover(self):
        """In full load, but for writes without a key, which a broken connection leaves in doubt."""
        self.allow(KEYS, [doing for doing, _ in DOINGS if doing != Worker.write])
        say("takeover")
        while self.ear.word(0.003) is None:
            self.tend()

    def restart(self):
        """The same; who calls a name that somebody may hold waits at the next daemon until it is brought back."""
        self.allow(KEYS, [doing for doing, _ in DOINGS if doing != Worker.write])
        say("restart")
        while self.ear.word(0.003) is None:
            self.tend()
        self.holder.donate()

    def sigkill(self):
        """What the daemon has in its hands is lost, so it has nothing: only raw workers go on over its death."""
        self.allow(NOTHING, [])
        say("settle")
        self.ear.word()
        self.board.allowed = RAW
        while not any(self.board.doing(slot) != IDLE for slot in range(SLOTS)):
            self.tend()
        say("kill")
        while self.ear.word(0.003) is None:
            self.tend()
        self.holder.donate()

    def run(self):
        self.holder.hold(SHARED + [FULL])
        planned = ["takeover", "restart"]
        # A count that nobody holds dies with a daemon that is killed; as long as nobody is, there are such counts, too.
        early = [self.rng.choice(planned) for _ in range(2)]
        late = ["sigkill", self.rng.choice(planned + ["sigkill"])]
        self.rng.shuffle(late)
        pause = SECONDS / (len(early) + len(late) + 1)
        for how in early:
            self.tend_for(pause)
            self.change(how)
        self.holder.hold(ALL)
        for how in late:
            self.tend_for(pause)
            self.change(how)
        self.tend_for(pause)
        left = [slot for slot in range(SLOTS) if self.workers[slot]]
        while left:
            left = [slot for slot in left if not self.kill(slot)]
            time.sleep(0.001)


ear, holder = Ear(), Holder()
Supervisor(ear, holder).run()
say("over")
command = ear.word()
while command != "read":
    if command == "hold":
        holder.hold(ALL)
    elif command == "donate":
        holder.donate()
    say("done")
    command = ear.word()
for name, total in holder.left():
    say(f"{name} {total}")
