"""What all workers have in common: a place, a journal, a pace, and connections that come and go."""

import os
import random
import signal
import time
from dataclasses import dataclass

from wire import FdSocket, Gone, Http, Wrong, compact


@dataclass(frozen=True)
class Place:
    """Where a worker works: its slot on the board, its own number, and what its predecessor in the slot left to it."""

    board: object
    slot: object
    number: int
    directory: str
    journal: str
    seed: int
    rate: float
    heritage: object


class Journal:
    """Lines that are written by one write(2) each, so that a worker that is killed leaves whole ones (ledger.py)."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def note(self, *words):
        line = (" ".join(str(word) for word in words) + "\n").encode()
        assert os.write(self.fd, line) == len(line)


class Worker:
    """Works turn by turn, at the pace of its slot, until it is asked to leave or is killed."""

    def __init__(self, place):
        self.place, self.board, self.slot = place, place.board, place.slot
        self.random = random.Random(place.seed * 1_000_003 + place.number)
        self.note = Journal(place.journal).note
        self.http, self.fd_socket = None, None

    @classmethod
    def fork(cls, place):
        """The id of the new process."""
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            worker = cls(place)
            worker.run()
            status = 0
        except BaseException as e:
            Journal(place.journal).note("wrong", cls.__name__, repr(e))
        os._exit(status)

    def run(self):
        self.again(self.begin)
        while not self.slot.is_leaving:
            ahead = self.ahead()
            if ahead > 0:
                time.sleep(min(ahead, 0.1))
                continue
            try:
                self.turn()
            except Gone:
                self.hang_up()

    def begin(self):
        """Before the first turn; may be done again from its beginning."""

    def turn(self):
        raise NotImplementedError

    def ahead(self):
        """The seconds for which this worker has nothing to do, at its pace."""
        return self.slot.calls() / self.place.rate - self.board.seconds()

    def again(self, action):
        """Does it again after each daemon that went away meanwhile."""
        while True:
            try:
                return action()
            except Gone:
                self.hang_up()
                time.sleep(0.002)

    # Connections

    def connection(self):
        """To api.sock: the standing one, most of the time."""
        if self.http and (self.board.life != self.http.life or self.random.random() < 0.03):
            self.http.close()
            self.http = None
        if not self.http:
            self.http = self.another()
        return self.http

    def another(self):
        return Http(self.board, self.place.directory)

    def call(self, kind, method, path, body=None, **headers):
        answer = self.connection().call(method, path, body, **headers)
        self.slot.count(kind)
        return answer

    def ask(self, kind, request, fds=()):
        """On fd.sock, on a connection that stands for some time as well."""
        if self.fd_socket and (self.board.life != self.fd_socket.life or self.random.random() < 0.1):
            self.fd_socket.close()
            self.fd_socket = None
        if not self.fd_socket:
            self.fd_socket = FdSocket(self.board, self.place.directory)
        answer = self.fd_socket.ask(request, fds)
        self.slot.count(kind)
        return answer

    def hang_up(self):
        for connection in (self.http, self.fd_socket):
            if connection:
                connection.close()
        self.http = self.fd_socket = None

    @staticmethod
    def expect(expected, found, what):
        if found != expected:
            raise Wrong(f"{what}: expected {compact(expected)}, got {compact(found)}")


class Pinger(Worker):
    """Asks for the daemon's description ten times a second, and keeps the worst time that it took."""

    def turn(self):
        began, life = time.monotonic_ns(), self.board.life
        status, _ = self.again(lambda: self.connection().call("GET", "/v1"))
        self.expect(200, status, "GET /v1")
        self.board.ping(time.monotonic_ns() - began, self.board.may_break(life))
        time.sleep(0.1)

    def ahead(self):
        return 0
