#!/usr/bin/env python3
"""The load of LeaseConservationIT, and the checks of what must hold.

    lease_conservation.py RUNTIME_DIRECTORY JOURNAL SEED SECONDS

The program forks workers that take leases over HTTP and on fd.sock. They end some of them and lose others: they close connections, let
times run out, and are killed. The program asks the test to change the daemon by a word on its output: "takeover", "restart" (SIGTERM and
a start), "kill" (SIGKILL), after which workers are killed, and then "start". It reads "done" when that has happened. At the end it
prints "over" and a summary.

All workers append to one journal, with one write(2) for each line:

    asked LEASE WORKER KIND WILL LINK TAKE   the worker is about to ask for a lease
    granted LEASE ID                      it took the answer that grants the lease
    released LEASE, committed LEASE       it took the answer that says so
    dropped LEASE                         it is about to close the connection that holds the lease
    lapsed LEASE                          the daemon says that there is no such lease any more
    killed WORKER                         the supervisor killed the worker
    wrong ...                             this must not happen
"""
import contextlib
import json
import mmap
import os
import random
import select
import signal
import socket
import struct
import sys
import time

DIRECTORY, JOURNAL, SEED, SECONDS = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
SLOTS = 6
SEMAPHORES = {"a": 9, "b": 6, "c": 3}  # with the number of permits that each begins with
NAMES = list(SEMAPHORES)
PATIENCE = 25  # seconds in which the daemon has to reach the expected state
DESCRIPTORS = 200  # in one packet

journal = os.open(JOURNAL, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def note(*words):
    line = (" ".join(str(word) for word in words) + "\n").encode()
    assert os.write(journal, line) == len(line)


def compact(value):
    return json.dumps(value, separators=(",", ":"))


# What workers may begin. With TAKES they end no lease, because a daemon that stops would leave an end without an answer in doubt.
ANYTHING, TAKES, NOTHING = range(3)
IDLE, TAKING, ENDING, KEEPING = range(4)


class Board:
    """Shared memory in which supervisor and workers tell each other what they do. Each slot has one writer at a time."""

    HEAD = 2 + 2 * SLOTS
    CELL = struct.Struct("=Q")

    def __init__(self):
        self.bytes = mmap.mmap(-1, self.HEAD + 2 * SLOTS * len(NAMES) * self.CELL.size)

    @property
    def allowed(self):
        return self.bytes[0]

    @allowed.setter
    def allowed(self, what):
        self.bytes[0] = what

    @property
    def life(self):
        """The number of the daemon. It changes before anything is allowed again."""
        return self.bytes[1]

    def next_life(self):
        self.bytes[1] = (self.life + 1) % 256

    def spare(self, slot, yes):
        self.bytes[2 + slot] = yes

    def is_spared(self, slot):
        return self.bytes[2 + slot] == 1

    def does(self, slot, doing):
        self.bytes[2 + SLOTS + slot] = doing

    def doing(self, slot):
        return self.bytes[2 + SLOTS + slot]

    def cell(self, slot, name, answered):
        return self.HEAD + self.CELL.size * (2 * (slot * len(NAMES) + NAMES.index(name)) + answered)

    def add_committed(self, slot, take, answered, sign=1):
        """Adds permits whose commit is about to be asked for, or has been answered."""
        for one in take:
            at = self.cell(slot, one["name"], answered)
            (before,) = self.CELL.unpack_from(self.bytes, at)
            self.CELL.pack_into(self.bytes, at, before + sign * one["value"])

    def committed(self, name, answered):
        return sum(self.CELL.unpack_from(self.bytes, self.cell(slot, name, answered))[0] for slot in range(SLOTS))

    @contextlib.contextmanager
    def unless_it_ends(self, life):
        """In here a connection to the daemon of that life may break only because that daemon ends."""
        try:
            yield
        except (Gone, ConnectionError, FileNotFoundError) as e:
            if self.life == life and self.allowed == ANYTHING:
                raise
            raise Ending() from e


class Spared:
    """The supervisor does not kill a worker in here. It encloses one step of a client and its line in the journal."""

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


class Link:
    """A connection of a worker, which carries one request at a time."""

    def __init__(self, worker):
        self.rng, self.board, self.spared = worker.rng, worker.board, worker.spared
        self.life = self.board.life
        with self.board.unless_it_ends(self.life):
            self.socket = self.connected()

    def call(self, op, fields, take=lambda problem, answer: None):
        """Returns the problem, or "", and the answer. The last byte is taken in one step with take(problem, answer)."""
        with self.board.unless_it_ends(self.life):
            self.send(op, fields)
            problem, answer = self.receive(take)
        if problem == "shutting-down":
            raise Ending()
        return problem, answer

    def has_ended(self):
        try:
            return not self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except ConnectionError:
            return True

    def close(self):
        self.socket.close()


def outcome(answer):
    return answer.get("type", "").rpartition(":")[2]


class Packets(Link):
    @staticmethod
    def connected():
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.connect(DIRECTORY + "/fd.sock")
        return connection

    def send(self, op, fields):
        self.socket.sendall(compact({"op": op} | fields).encode())

    def receive(self, take):
        select.select([self.socket], [], [])
        with self.spared:
            packet = self.socket.recv(65536)
            if not packet:
                raise Gone()
            answer = json.loads(packet)
            problem = outcome(answer)
            if problem != "shutting-down":
                take(problem, answer)
        return problem, answer


class Http(Link):
    @staticmethod
    def connected():
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(DIRECTORY + "/api.sock")
        return connection

    def send(self, op, fields):
        text = ""
        if op == "lease":
            method, path, text = "POST", "/v1/leases", compact(fields)
        elif op == "release":
            method, path = "DELETE", "/v1/leases/" + fields["id"]
        else:
            call = {"resume": "renew"}.get(op, op)
            method, path, text = "POST", f"/v1/leases/{fields['id']}/{call}", "{}"
        data = request(method, path, text)
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

    def receive(self, take):
        head = b""
        while b"\r\n\r\n" not in head:
            # 16 bytes are fewer than any body has, so its last byte is not among them. An answer without a body ends here.
            with self.spared:
                head += self.some(16)
                if head.endswith(b"\r\n\r\n") and length_of(head) == 0:
                    take("", {})
                    return "", {}
        head, _, body = head.partition(b"\r\n\r\n")
        length = length_of(head)
        while length - len(body) > 1:
            body += self.some(self.rng.randint(1, length - len(body) - 1))
        with self.spared:
            if len(body) < length:
                body += self.some(1)
            answer = json.loads(body)
            problem = outcome(answer)
            if problem != "shutting-down":
                take(problem, answer)
        return problem, answer


def request(method, path, text=""):
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(text)}\r\n"
    if text:
        head += "Content-Type: application/json\r\n"
    return (head + "\r\n" + text).encode()


def length_of(head):
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line[15:])
    return 0


class Lease:
    def __init__(self, name, kind, take, link):
        self.name, self.kind, self.take, self.link, self.id = name, kind, take, link, None


class Worker:
    def __init__(self, board, slot, number):
        self.rng = random.Random(SEED * 1_000_003 + number)
        self.board, self.slot, self.number, self.asked = board, slot, number, 0
        self.spared = Spared(board, slot)
        self.links, self.held = {}, []

    def run(self):
        while True:
            doing = self.chosen()
            # The order matters: after the supervisor has forbidden something, it looks which workers are doing it.
            self.board.does(self.slot, doing)
            if self.may(doing):
                try:
                    (self.take, self.end, self.keep)[doing - TAKING]()
                except Ending:
                    self.forget_links()
                    time.sleep(0.005)
            else:
                self.board.does(self.slot, IDLE)
                time.sleep(0.001)

    def chosen(self):
        if any(lease.kind == "connection" and lease.link.has_ended() for lease in self.held):
            return KEEPING
        return self.rng.choice([TAKING, ENDING] if len(self.held) in (1, 2) else [TAKING] if not self.held else [ENDING])

    def may(self, doing):
        allowed = self.board.allowed
        return allowed == ANYTHING or (allowed == TAKES and doing != ENDING)

    # Connections

    def link(self):
        kind = self.rng.choice([Packets, Http])
        known = self.links.get(kind)
        if known is None or known.life != self.board.life or self.rng.random() < 0.1:
            if known is not None:
                known.close()
            self.links[kind] = kind(self)
        return self.links[kind]

    def forget_links(self):
        for link in self.links.values():
            link.close()
        self.links = {}

    # Leases

    def take(self):
        self.asked += 1
        name = f"{self.number}-{self.asked}"
        kind = self.rng.choices(["process", "connection", "1s", "1h"], [10, 6, 1, 2])[0]
        names = self.rng.sample(NAMES, self.rng.choice([1, 1, 2]))
        take = [{"name": one, "value": self.rng.choice([1, 1, 2])} for one in names]
        # Each lease has a will of its own, which exists before the lease, so that its count tells whether it was written once.
        will = "will-" + name
        if create(self.board, will):
            self.take_one(name, kind, take, will)

    def take_one(self, name, kind, take, will):
        fields = {"take": take, "give": [{"name": will}], "holder": kind, "timeout": self.rng.choice(["0s", "5ms", "50ms"])}
        link = self.rng.choice([Packets, Http])(self) if kind == "connection" else self.link()
        lease = Lease(name, kind, take, link)
        note("asked", name, self.number, kind, will, type(link).__name__, compact(take))
        try:
            if self.rng.random() < 0.15:
                self.turn_away(link, fields)
            else:
                link.call("lease", fields, lambda problem, answer: self.taken(lease, problem, answer))
        finally:
            if kind == "connection" and lease.id is None:
                link.close()

    def turn_away(self, link, fields):
        """Asks for a lease, and closes the connection before it has the whole answer: it gets no lease."""
        with self.board.unless_it_ends(link.life):
            link.send("lease", fields)
            select.select([link.socket], [], [], self.rng.random() * 0.03)
            if isinstance(link, Http) and self.rng.random() < 0.5:
                with contextlib.suppress(BlockingIOError):
                    link.socket.recv(self.rng.randint(1, 60), socket.MSG_DONTWAIT)
        link.close()
        self.links = {kind: one for kind, one in self.links.items() if one is not link}

    def taken(self, lease, problem, answer):
        if problem or (answer and "holder" not in answer and answer.get("id") is not None):
            note("wrong", "lease", compact(answer))
        elif answer.get("id"):
            lease.id = answer["id"]
            note("granted", lease.name, lease.id)
            if lease.kind != "1s":
                self.held.append(lease)

    def end(self):
        lease = self.rng.choice(self.held)
        how = self.rng.choices(["released", "committed", "dropped"], [20, 1, 8 if lease.kind == "connection" else 0])[0]
        with self.spared:
            if how == "dropped":
                note("dropped", lease.name)
                lease.link.close()
                self.held.remove(lease)
            else:
                self.ask_for_end(lease, how)

    def ask_for_end(self, lease, how):
        commits = how == "committed"
        if commits:
            self.board.add_committed(self.slot, lease.take, False)
        op = "commit" if commits else "release"
        problem, answer = self.link().call(op, {"id": lease.id}, lambda problem, answer: self.ended(lease, how, problem, answer))
        if commits:
            if problem:
                self.board.add_committed(self.slot, lease.take, False, -1)
            else:
                self.board.add_committed(self.slot, lease.take, True)

    def ended(self, lease, how, problem, answer):
        """Only a lease whose connection ended with a daemon may have lapsed, if it was not resumed in time."""
        if not problem:
            note(how, lease.name)
        elif problem == "not-found" and lease.kind == "connection" and lease.link.life != self.board.life:
            note("lapsed", lease.name)
        else:
            note("wrong", how, lease.name, lease.kind, compact(answer))
        self.held.remove(lease)
        if lease.kind == "connection":
            lease.link.close()

    def keep(self):
        """Resumes the leases whose connections have ended with the daemon. The time for that may be over."""
        for lease in [one for one in self.held if one.kind == "connection" and one.link.has_ended()]:
            another = self.rng.choice([Packets, Http])(self)
            problem, answer = another.call("resume", {"id": lease.id}, lambda problem, answer: self.resumed(lease, problem, answer))
            lease.link.close()
            lease.link = another

    def resumed(self, lease, problem, answer):
        if problem == "not-found":
            note("lapsed", lease.name)
            self.held.remove(lease)
        elif problem:
            note("wrong", "resume", lease.name, compact(answer))


# The supervisor's own calls


def exchange(data):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.connect(DIRECTORY + "/api.sock")
        asking.sendall(data)
        got = b""
        while b"\r\n\r\n" not in got or len(got.partition(b"\r\n\r\n")[2]) < length_of(got.partition(b"\r\n\r\n")[0]):
            more = asking.recv(65536)
            if not more:
                raise Gone()
            got += more
        head, _, body = got.partition(b"\r\n\r\n")
        return int(head[9:12]), json.loads(body) if body else {}


def create(board, name):
    """Creates an eventfd, and returns whether it exists. It may not, if the daemon ends."""
    with board.unless_it_ends(board.life):
        status, answer = exchange(request("PUT", "/v1/eventfds/" + name, "{}"))
    if status not in (200, 201, 503):
        note("wrong", "create", name, status, compact(answer))
    return status in (200, 201)


def got(path):
    status, answer = exchange(request("GET", path))
    return answer if status == 200 else None


def fd_sock(packet, fds=()):
    """Returns the reply, and the descriptors that came with it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asking:
        asking.connect(DIRECTORY + "/fd.sock")
        socket.send_fds(asking, [compact(packet).encode()], fds)
        reply, received, flags, _ = socket.recv_fds(asking, 65536, 253, socket.MSG_CMSG_CLOEXEC)
        assert reply and not flags & socket.MSG_CTRUNC
        return json.loads(reply), received


class Holder:
    """A raw holder of eventfds, which brings them to the next daemon."""

    def __init__(self):
        self.fds = {}

    def hold(self, names):
        missing = [name for name in names if name not in self.fds]
        for i in range(0, len(missing), DESCRIPTORS):
            part = missing[i : i + DESCRIPTORS]
            reply, fds = fd_sock({"op": "open", "eventfds": [{"name": name} for name in part]})
            if len(fds) != len(part):
                raise SystemExit(f"cannot open: {reply}")
            self.fds.update(zip(part, fds))

    def donate(self):
        """Brings them to a daemon that waits for them, because its predecessor ended without handing them over."""
        held = list(self.fds.items())
        for i in range(0, len(held), DESCRIPTORS):
            part = held[i : i + DESCRIPTORS]
            brought = [{"name": name, "semaphore": name in SEMAPHORES} for name, _ in part]
            reply, _ = fd_sock({"op": "donate", "eventfds": brought}, [fd for _, fd in part])
            for one in reply.get("eventfds", [reply]):
                if one.get("result") != "adopted":
                    note("wrong", "donate", compact(one))


class Ledger:
    """The content of the journal, and what follows from it for the daemon when nothing is under way."""

    def __init__(self):
        self.asked, self.ids, self.ends, self.killed = {}, {}, {}, set()
        with open(JOURNAL) as lines:
            for line in lines:
                self.enter(line.rstrip("\n").split(" ", 6))

    def enter(self, words):
        word, name = words[0], words[1]
        if word == "asked":
            self.asked[name] = (words[2], words[3], words[4], json.loads(words[6]))
        elif word == "granted":
            self.ids[name] = words[2]
        elif word == "killed":
            self.killed.add(name)
        elif word in ("released", "committed", "dropped", "lapsed"):
            if name in self.ends:
                note("wrong", name, "ended twice")
            self.ends[name] = word

    def lives(self, name):
        worker, kind, _, _ = self.asked[name]
        return name not in self.ends and (kind == "1h" or (kind != "1s" and worker not in self.killed))

    def is_given(self, name):
        """Whether the will of the lease must have been written."""
        return name in self.ids and not self.lives(name) and self.ends.get(name) not in ("released", "committed")

    def expected(self):
        live = {self.ids[name] for name in self.ids if self.lives(name)}
        wills = {will: int(self.is_given(name)) for name, (_, _, will, _) in self.asked.items()}
        return live, wills, {name: self.state(name) for name in NAMES}

    def state(self, semaphore):
        """Returns the count of the semaphore, and the number of its permits that are leased."""
        leased = committed = 0
        for name in self.ids:
            value = sum(one["value"] for one in self.asked[name][3] if one["name"] == semaphore)
            if self.lives(name):
                leased += value
            elif self.ends.get(name) == "committed":
                committed += value
        return SEMAPHORES[semaphore] - committed - leased, leased

    def observed(self):
        counts, after = {}, ""
        while True:
            page = got(f"/v1/eventfds?limit=1000{after}")
            counts.update((one["name"], one) for one in page["eventfds"])
            if "next" not in page:
                break
            after = "&after=" + page["next"]
        wills = {will: counts[will]["count"] for _, _, will, _ in self.asked.values()}
        leases = {one["id"] for one in got("/v1/leases?limit=1000")["leases"]}
        return leases, wills, {name: (counts[name]["count"], counts[name]["leased"]) for name in NAMES}

    def settle(self, when):
        """Waits until the daemon has what follows from the journal. Nothing else is under way meanwhile."""
        end, wanted = time.monotonic() + PATIENCE, self.expected()
        found = self.observed()
        while found != wanted and time.monotonic() < end:
            self.end_absent(found[0] - wanted[0])
            time.sleep(0.005)
            found = self.observed()
        if found != wanted:
            wills = {name: (found[1][name], wanted[1][name]) for name in wanted[1] if found[1][name] != wanted[1][name]}
            note("wrong", when, "leases", found[0] ^ wanted[0], "wills", wills, "counts", found[2], "not", wanted[2])

    @staticmethod
    def end_absent(ids):
        """A lease whose connection ended with a daemon waits a minute for another connection. Gives it one, which ends at once."""
        for one in ids:
            fd_sock({"op": "resume", "id": one})

    def summary(self):
        kinds = {kind: sum(asked[1] == kind and name in self.ids for name, asked in self.asked.items()) for kind in ("process", "connection", "1s", "1h")}
        ends = {how: list(self.ends.values()).count(how) for how in ("released", "committed", "dropped", "lapsed")}
        given = sum(map(self.is_given, self.ids))
        return f"asked for {len(self.asked)} leases, granted {kinds}, ended {ends}, wills {given}, killed {len(self.killed)}"


class Ear:
    """Reads what the test says."""

    def __init__(self):
        self.text = b""

    def word(self, patience=None):
        """Returns the next word, or None if there is none in time."""
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
    def __init__(self):
        self.rng = random.Random(SEED)
        self.ear, self.holder, self.board = Ear(), Holder(), Board()
        self.workers = [None] * SLOTS
        self.number = self.looks = 0

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
                note("wrong", "worker", repr(e))
            os._exit(1)
        self.workers[slot] = (pid, self.number, time.monotonic() + self.rng.choice([0.05, 0.2, 1]) * self.rng.random())

    @contextlib.contextmanager
    def standing_still(self, slot):
        """Stops the worker meanwhile, so that one can look at what it is doing."""
        pid, _, _ = self.workers[slot]
        os.kill(pid, signal.SIGSTOP)
        _, status = os.waitpid(pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            raise SystemExit(f"a worker ended by itself: {status}; " + open(JOURNAL).read()[-2000:])
        try:
            yield pid
        finally:
            os.kill(pid, signal.SIGCONT)

    def kill(self, slot):
        """Kills the worker, unless it must be spared at this moment. Returns whether it was killed."""
        with self.standing_still(slot) as pid:
            if self.board.is_spared(slot):
                return False
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        note("killed", self.workers[slot][1])
        self.workers[slot] = None
        return True

    def tend(self):
        """Kills the workers whose time has come, and starts others in their places."""
        now = time.monotonic()
        for slot in range(SLOTS):
            if self.workers[slot] is None or (self.workers[slot][2] <= now and self.kill(slot)):
                self.spawn(slot)

    def tend_for(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.tend()
            self.look()
            time.sleep(0.002)

    def kill_some(self):
        for slot in range(SLOTS):
            if self.workers[slot] and self.rng.random() < 0.3:
                self.kill(slot)

    def allow(self, what, doings):
        """Allows the workers only `what`, and returns when each of them is doing one of `doings`."""
        self.board.allowed = what
        for slot in range(SLOTS):
            while self.workers[slot]:
                with self.standing_still(slot):
                    doing = self.board.doing(slot)
                if doing in doings:
                    break
                time.sleep(0.001)

    # What holds at every moment

    def look(self):
        """Checks that count + leased + committed is what the semaphore began with, while commits are under way."""
        name = self.rng.choice(NAMES)
        least = self.board.committed(name, True)
        try:
            state = got("/v1/eventfds/" + name)
        except (Gone, ConnectionError, FileNotFoundError):
            return  # there is no daemon at this moment; if there should be one, a worker reports that
        most = self.board.committed(name, False)
        if state is not None:
            self.looks += 1
            if not least <= SEMAPHORES[name] - state["count"] - state["leased"] <= most:
                note("wrong", "sum", compact(state), "committed", least, "to", most)

    # Daemons

    def change(self, how):
        getattr(self, how)()
        self.board.next_life()
        self.board.allowed = ANYTHING

    def ask(self, word):
        say(word)
        if self.ear.word() != "done":
            raise SystemExit(f"{word} is not done")

    def takeover(self):
        """The workers go on, but they end no leases: an end is in doubt if the connection breaks."""
        self.allow(TAKES, [IDLE, TAKING, KEEPING])
        say("takeover")
        while self.ear.word(0.003) is None:
            self.tend()
            self.look()

    def restart(self):
        """The same. At the next daemon, calls on a name that may be held wait until the name is brought back."""
        self.allow(TAKES, [IDLE, TAKING, KEEPING])
        say("restart")
        while self.ear.word(0.003) is None:
            self.tend()
        self.holder.donate()

    def sigkill(self):
        """The daemon is killed while it does nothing. Workers are killed while there is no daemon, and while the next one starts."""
        self.allow(NOTHING, [IDLE])
        ledger = Ledger()
        self.holder.hold(NAMES + [will for _, _, will, _ in ledger.asked.values()])
        ledger.settle("before the kill")
        # The answer comes after the table has the lines of all leases that have lapsed.
        create(self.board, "settled")
        self.ask("kill")
        self.kill_some()
        say("start")
        while self.ear.word(0.02) is None:
            self.kill_some()
        self.kill_some()
        self.holder.donate()

    def run(self):
        self.holder.hold(NAMES)
        changes = [self.rng.choice(["takeover", "restart"]), "sigkill"]
        self.rng.shuffle(changes)
        pause = SECONDS / (len(changes) + 1)
        for how in changes:
            self.tend_for(pause)
            self.change(how)
        self.tend_for(pause)
        left = [slot for slot in range(SLOTS) if self.workers[slot]]
        while left:
            left = [slot for slot in left if not self.kill(slot)]
            time.sleep(0.001)
        ledger = Ledger()
        ledger.settle("at the end")
        return f"{ledger.summary()}, looked {self.looks} times"


for name, initial in SEMAPHORES.items():
    exchange(request("PUT", "/v1/eventfds/" + name, compact({"semaphore": True, "initial": initial})))
summary = Supervisor().run()
say("over")
say(summary)
