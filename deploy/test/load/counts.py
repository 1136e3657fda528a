"""Workers on the eventfds that stay: all that they add and take is in their journals, whoever is killed when."""

import os
import select
import socket
import time
from collections import deque

from wire import Gone, compact, read_now
from worker import Worker

# name: what it is made as. full has no room most of the time; raw- ones are held by others, and one of them blocks.
COUNTED = {
    "plain-1": {"initial": 1000},
    "plain-2": {},
    "plain-semaphore": {"initial": 50, "semaphore": True},
    "raw": {"initial": 4294967295},
    "raw-blocking": {"nonblocking": False},
    "raw-semaphore": {"initial": 50, "semaphore": True},
    "full": {"initial": 7},
}
ALL = list(COUNTED)
SEMAPHORES = [name for name in ALL if COUNTED[name].get("semaphore")]
RAW = [name for name in ALL if name.startswith("raw")]
DONE_AT_ONCE = 3  # keys that one request says are done, at most
SECONDS_UNREAD = 10  # for which the daemon may have a request unread whose connection was cut off


class CountWorker(Worker):
    """
    What is in doubt when a worker is killed is settled by whoever has its slot after it:

    - A call with a key is in the journal before its request is sent. If its answer is not in the journal, it is asked
      for again with the same key. Only when the answer is in the journal is the key said to be done.
    - A read without a key has its value once the whole response is off the socket. That and the line in the journal are
      one step, in which no worker is killed; before it, the value goes back. If the end of the connection follows the
      response and a daemon is taken over, nobody but that daemon knows whether it was in time: it is in doubt.
    - A read(2) or write(2) on a descriptor and its line are such a step, too.
    """

    def __init__(self, place):
        super().__init__(place)
        self.keys = 0
        self.done = []
        self.cut_off = deque((time.monotonic() + SECONDS_UNREAD, key) for key in place.heritage.finished)
        self.held = {}

    def begin(self):
        for _, key in self.cut_off:
            self.note("left", key)
        for key, path, body in list(self.place.heritage.pending):
            self.settle(key, path, body, sent_before=True)
        self.place.heritage.pending.clear()

    def run(self):
        super().run()
        while self.done:
            done = self.done[:DONE_AT_ONCE]
            keys = ",".join(done)
            self.again(lambda keys=keys: self.call("state", "GET", "/v1/eventfds/full", Idempotency_Key_Done=keys))
            self.said(done)

    def said(self, done):
        self.done = [one for one in self.done if one not in done]
        for key in done:
            self.note("done", key)

    def turn(self):
        self.random.choices(DOINGS, WEIGHTS)[0](self)

    # What may be done to which

    def timeout(self):
        return self.random.choice(["0s", "0s", "0s", "2ms", "20ms"])

    def amount(self, name):
        if name in SEMAPHORES:
            return self.random.randint(1, 6)
        return (
            self.random.randint(2**61, 2**63)
            if name == "full"
            else self.random.choice([1, self.random.randint(1, 2**40)])
        )

    def write_call(self):
        if self.random.random() < 0.6:
            name = self.random.choice(ALL)
            return "write", f"/v1/eventfds/{name}/write", {"value": self.amount(name), "timeout": self.timeout()}
        names = self.random.sample(ALL, self.random.randint(1, 4))
        body = {"eventfds": [{"name": name, "value": self.amount(name)} for name in names], "timeout": self.timeout()}
        return "write many", "/v1/write", body

    def read_call(self):
        chance = self.random.random()
        if chance < 0.4:
            return "read", f"/v1/eventfds/{self.random.choice(ALL)}/read", {"timeout": self.timeout()}
        if chance < 0.6:
            body = {"max": self.random.choice([1, 4, 16, 1024]), "timeout": self.timeout()}
            return "read max", f"/v1/eventfds/{self.random.choice(SEMAPHORES)}/read", body
        mode = self.random.choice(["any", "all"])
        names = self.random.sample(ALL, self.random.randint(1, 4))
        return (
            f"consume {mode}",
            "/v1/wait",
            {"eventfds": names, "mode": mode, "consume": True, "timeout": self.timeout()},
        )

    # With a key

    def keyed(self):
        kind, path, body = self.write_call() if self.random.random() < 0.5 else self.read_call()
        self.keys += 1
        key = f"{self.place.seed}-{self.place.number}-{self.keys}"
        self.note("key", key, path, compact(body))
        self.slot.count(kind)
        self.slot.count("keyed")
        self.settle(key, path, body)

    def settle(self, key, path, body, sent_before=False):
        """
        Asks until there is the answer, of whichever daemon. If the call was sent on two connections, its key is not done
        yet: the daemon may have the first request unread, and must then know the key.
        """
        sent = int(sent_before)

        def once():
            nonlocal sent
            sent += 1
            connection = self.connection()
            done = self.done[:DONE_AT_ONCE]
            headers = {"Idempotency_Key": key} | ({"Idempotency_Key_Done": ",".join(done)} if done else {})
            connection.send("POST", path, body, **headers)
            if self.random.random() < 0.1:
                connection.readable(self.random.random() * 0.02)
                self.slot.count("turned away")
                raise Gone()  # leaves the answer, and asks again
            status, answer = connection.answer()
            self.said(done)
            if status == 409 and answer["type"].endswith(":idempotency-key-in-use"):
                raise Gone()
            return status, answer

        def until_it_is():
            try:
                return once()
            except Gone:
                self.slot.count("repeated")
                raise

        status, answer = self.again(until_it_is)
        self.note("answered", key, status, compact(answer))
        if sent > 1:
            self.cut_off.append((time.monotonic() + SECONDS_UNREAD, key))
        else:
            self.done.append(key)
        while self.cut_off and self.cut_off[0][0] < time.monotonic():
            self.done.append(self.cut_off.popleft()[1])

    # Without a key

    def read(self):
        kind, path, body = self.read_call()
        connection = self.connection()
        connection.send("POST", path, body)
        ends = self.random.random() < 0.05
        if ends:
            connection.socket.shutdown(socket.SHUT_WR)
            self.http = None
        connection.readable(10)
        with self.slot.step():
            status, answer = connection.answer()
            in_doubt = connection.is_at_end() and self.board.may_break(connection.life)
            self.taken("doubt" if in_doubt else "took", path, status, answer)
        self.slot.count(kind)
        if not ends and connection.is_at_end():
            connection.broke("behind an answer")

    def taken(self, word, path, status, answer):
        if status == 200:
            for one in answer.get("ready", [answer]):
                self.note(word, one["name"], one["value"])
        else:
            self.expect(204, status, f"{path} {answer}")

    def turn_away(self):
        """Asks for a value and leaves without the whole answer: it goes back."""
        kind, path, body = self.read_call()
        connection = self.another()
        connection.send("POST", path, body)
        if self.random.random() < 0.8:
            connection.readable(self.random.random() * 0.03)
            if self.random.random() < 0.5:
                with connection.until_it_breaks():
                    try:
                        connection.socket.recv(self.random.randint(1, 60), socket.MSG_DONTWAIT)
                    except BlockingIOError:
                        pass
        connection.close()
        self.slot.count(kind)
        self.slot.count("turned away")

    def wait(self):
        name = self.random.choice(ALL)
        status, answer = self.call("wait", "GET", f"/v1/eventfds/{name}/wait?timeout={self.timeout()}")
        self.expect(True, status in (200, 204), f"a wait: {status} {answer}")

    def wait_on_many(self):
        mode = self.random.choice(["any", "all"])
        body = {"eventfds": self.random.sample(ALL, 3), "mode": mode, "timeout": self.timeout()}
        status, answer = self.call(f"wait {mode}", "POST", "/v1/wait", body)
        self.expect(True, status in (200, 204), f"a wait on many: {status} {answer}")

    def watch(self):
        """Leaves after the first events, amid the stream."""
        name = self.random.choice(ALL)
        connection = self.another()
        connection.send("GET", f"/v1/eventfds/{name}/watch")
        self.expect(200, connection.head_of_stream(), "a watch")
        event, data = connection.event()
        if event == "end":
            connection.broke(compact(data))
        self.expect(["count", name], [event, data.get("name")], "an event")
        connection.close()
        self.slot.count("watch")

    # On raw descriptors

    def descriptor(self, name):
        if name not in self.held:
            reply, fds = self.ask("open", {"op": "open", "eventfds": [{"name": name}]})
            self.expect(1, len(fds), compact(reply))
            self.held[name] = fds[0]
        return self.held[name]

    def raw_write(self):
        name = self.random.choice(RAW)
        fd, value = self.descriptor(name), self.amount(name)
        with self.slot.step():
            os.eventfd_write(fd, value)  # there is room for as long as a soak takes
            self.note("wrote", name, value)
        self.slot.count("raw write")

    def raw_read(self):
        name = self.random.choice(RAW)
        fd = self.descriptor(name)
        select.select([fd], [], [], self.random.random() * 0.01)
        with self.slot.step():
            value = read_now(fd)
            if value:
                self.note("took", name, value)
        self.slot.count("raw read")

    def toggle(self):
        """O_NONBLOCK is everybody's."""
        os.set_blocking(self.descriptor("raw-blocking"), self.random.random() < 0.5)

    def donate(self):
        """Brings what it holds, as after a daemon that died: the names lead to that anyway."""
        self.descriptor(self.random.choice(RAW))
        names = list(self.held)
        brought = [{"name": name, "semaphore": name in SEMAPHORES} for name in names]
        reply, fds = self.ask("donate", {"op": "donate", "eventfds": brought}, self.held.values())
        results = [[one["name"], one["result"]] for one in reply.get("eventfds", [])]
        self.expect([[[name, "same"] for name in names], 0], [results, len(fds)], f"donate: {compact(reply)}")


DOINGS = [
    CountWorker.keyed, CountWorker.read, CountWorker.turn_away, CountWorker.wait, CountWorker.wait_on_many,
    CountWorker.watch, CountWorker.raw_write, CountWorker.raw_read, CountWorker.toggle, CountWorker.donate,
]  # fmt: skip
WEIGHTS = [50, 20, 6, 5, 6, 2, 8, 10, 1, 2]
