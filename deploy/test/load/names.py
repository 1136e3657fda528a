"""Workers that make names, use each as its only users, so that they know every answer beforehand, and delete it."""

import os
from collections import deque

from wire import Gone, read_now
from worker import Worker

LIVING = 100  # names of one worker at a time
TAKING = ("read", "read max", "consume any")


class NameWorker(Worker):
    prefix = property(lambda self: f"name-{self.slot.number}-")

    def __init__(self, place):
        super().__init__(place)
        self.living = deque()
        self.doubtful = set()  # may be there or not: a daemon went away amid a call on it
        self.made = 0

    def ahead(self):
        return self.slot.total("made") / self.place.rate - self.board.seconds()

    def begin(self):
        """Deletes what a predecessor left that was killed."""
        for name in names_with(self, self.prefix):
            status, _ = self.call("delete", "DELETE", f"/v1/eventfds/{name}")
            assert status in (204, 404)  # its last request may be carried out just now
            self.slot.count("deleted", status == 204)

    def turn(self):
        used = self.make_raw() if self.random.random() < 0.1 else [self.make()]
        self.living += used
        if self.random.random() < 0.42:
            self.random.choices(USES, USE_WEIGHTS)[0](self, used[0])
        while len(self.living) > LIVING:
            self.delete(self.living.popleft())

    def run(self):
        super().run()
        while self.living:
            self.again(lambda: self.delete(self.living.popleft()))

    def call(self, kind, method, path, body=None, **headers):
        """A value that may have gone back is none that this worker could build on."""
        answer = super().call(kind, method, path, body, **headers)
        if kind in TAKING and self.http.is_at_end():
            self.http.broke("behind an answer")
        return answer

    # The life of a name

    def fresh(self):
        self.made += 1
        return f"{self.prefix}{self.place.number}-{self.made}"

    def spec(self):
        """The initial count and whether it is a semaphore."""
        return self.random.choice([0, 0, 1, 3, 7]), self.random.random() < 0.3

    def make(self):
        name, (initial, semaphore) = self.fresh(), self.spec()
        body = {"initial": initial, "semaphore": semaphore}
        exclusive = {"If_None_Match": "*"} if self.random.random() < 0.2 else {}
        try:
            status, state = self.call("create", "PUT", f"/v1/eventfds/{name}", body, **exclusive)
        except Gone:
            self.living.append((name, initial, semaphore))
            self.doubtful.add(name)
            raise
        self.expect([201, name, initial], [status, state.get("name"), state.get("count")], "a name that is made")
        self.slot.count("made")
        return name, initial, semaphore

    def make_raw(self):
        """Several at once, by a packet on fd.sock; their descriptors are looked at and closed."""
        made = [(self.fresh(), *self.spec()) for _ in range(self.random.randint(1, 4))]
        create = [{"name": n, "create": {"initial": i, "semaphore": s}} for n, i, s in made]
        try:
            reply, fds = self.ask("open", {"op": "open", "eventfds": create})
        except Gone:
            self.living += made
            self.doubtful.update(name for name, *_ in made)
            raise
        self.expect(
            [[name, True] for name, *_ in made],
            [[one["name"], one["created"]] for one in reply.get("eventfds", [])],
            "names that are made on fd.sock",
        )
        self.expect(len(made), len(fds), "descriptors")
        self.slot.count("made", len(made))
        for i, (fd, (name, initial, semaphore)) in enumerate(zip(fds, made)):
            if initial and self.random.random() < 0.5:
                self.expect(1 if semaphore else initial, read_now(fd), "the count of a descriptor")
                self.slot.count("raw read")
                made[i] = (name, initial - 1 if semaphore else 0, semaphore)
            os.close(fd)
        return made

    def delete(self, entry):
        name = entry[0]
        try:
            status, _ = self.call("delete", "DELETE", f"/v1/eventfds/{name}")
        except Gone:
            self.living.appendleft(entry)
            self.doubtful.add(name)
            raise
        if not (status == 404 and name in self.doubtful):
            self.expect(204, status, f"DELETE of {name}")
            self.slot.count("deleted")
        self.doubtful.discard(name)

    # What is done with one; afterwards its count is not known any more

    def look(self, entry):
        name, count, semaphore = entry
        status, state = self.call("state", "GET", f"/v1/eventfds/{name}")
        self.expect(
            [200, name, count, semaphore, 0],
            [status, *(state.get(field) for field in ("name", "count", "semaphore", "waiters"))],
            "a state",
        )

    def page(self, _entry):
        status, page = self.call("list", "GET", f"/v1/eventfds?prefix={self.prefix}{self.place.number}-&limit=2")
        known = sorted({name for name, *_ in self.living} - self.doubtful)
        if not self.doubtful:
            self.expect([200, known[:2]], [status, [one["name"] for one in page["eventfds"]]], "a list")
            self.expect(known[1] if len(known) > 2 else None, page.get("next"), "the next page")

    def write_and_read(self, entry):
        name, count, semaphore = entry
        value = self.random.choice([1, 5, 2**40, str(2**53 + 1)])
        written = self.call("write", "POST", f"/v1/eventfds/{name}/write", {"value": value})
        self.expect([200, {"name": name, "value": int(value)}], list(written), "a write")
        read = self.call("read", "POST", f"/v1/eventfds/{name}/read")
        self.expect([200, {"name": name, "value": 1 if semaphore else count + int(value)}], list(read), "a read")

    def read_many(self, entry):
        """Permits of a semaphore, several at a time."""
        name, count, semaphore = entry
        path = f"/v1/eventfds/{name}/read"
        if not semaphore:
            status, problem = self.call("corner", "POST", path, {"max": 2})
            self.expect([400, "invalid-value"], [status, kind(problem)], "max in counter mode")
            return
        while count:
            most = self.random.randint(1, 4)
            read = self.call("read max", "POST", path, {"max": most})
            self.expect([200, {"name": name, "value": min(most, count)}], list(read), "a read with max")
            count -= min(most, count)
        self.expect(204, self.call("read max", "POST", path, {"max": 1024})[0], "a read of nothing with max")

    def wake_up(self, entry):
        """A wait on another connection ends by a write on this one."""
        name, count, _ = entry
        path = f"/v1/eventfds/{name}/"
        self.drain(entry)
        waiting = self.another()
        waiting.send("GET", path + "wait?timeout=60s")
        self.call("write", "POST", path + "write", {"value": 2})
        answer = waiting.answer()
        self.slot.count("wait")
        self.expect([200, {"name": name, "count": 2}], list(answer), "a wait that a write ends")
        waiting.close()

    def wait_for_all(self, entry):
        """Two names are written at once, and a wait for both of them takes both."""
        other = self.make()
        self.living.append(other)
        self.drain(entry)
        self.drain(other)
        names = [entry[0], other[0]]
        waiting = self.another()
        consume = self.random.random() < 0.5
        waiting.send("POST", "/v1/wait", {"eventfds": names, "mode": "all", "consume": consume, "timeout": "60s"})
        values = [{"name": name, "value": i + 1} for i, name in enumerate(names)]
        written = self.call("write many", "POST", "/v1/write", {"eventfds": values})
        self.expect([200, {"written": values}], list(written), "a write to two")
        answer = waiting.answer()
        self.slot.count("consume all" if consume else "wait all")
        if consume:
            taken = [{"name": name, "value": 1 if sem else i + 1} for i, (name, _, sem) in enumerate([entry, other])]
        else:
            taken = [{"name": one["name"], "count": one["value"]} for one in values]
        self.expect([200, {"ready": taken}], list(answer), "a wait for all")
        waiting.close()

    def wait_for_any(self, entry):
        other = self.make()
        self.living.append(other)
        self.drain(entry)
        self.drain(other)
        self.call("write", "POST", f"/v1/eventfds/{other[0]}/write")
        body = {"eventfds": [entry[0], other[0]], "mode": "any", "timeout": "60s"}
        answer = self.call("wait any", "POST", "/v1/wait", body)
        self.expect([200, {"ready": [{"name": other[0], "count": 1}]}], list(answer), "a wait for any")
        answer = self.call("consume any", "POST", "/v1/wait", body | {"consume": True})
        self.expect([200, {"ready": [{"name": other[0], "value": 1}]}], list(answer), "a consuming wait for any")

    def watch(self, entry):
        """A watch shows the count, the last one after a write, and ends when the name is deleted."""
        name, count, _ = entry
        watching = self.another()
        watching.send("GET", f"/v1/eventfds/{name}/watch")
        self.expect(200, watching.head_of_stream(), "a watch")
        self.expect(["count", {"name": name, "count": count}], list(watching.event()), "the first event")
        self.call("write", "POST", f"/v1/eventfds/{name}/write", {"value": 3})
        self.expect({"name": name, "count": count + 3}, self.last_event(watching, count)[1], "the event of a write")
        self.living.remove(entry)
        self.delete(entry)
        event, problem = self.last_event(watching, count + 3)
        self.slot.count("watch")
        if kind(problem) == "shutting-down":
            watching.broke("shutting-down")
        self.expect(["end", "gone"], [event, kind(problem)], "the end of a watch")
        watching.close()

    @staticmethod
    def last_event(watching, count):
        """The first that does not say the same count again, as it may."""
        while (event := watching.event())[1].get("count") == count:
            pass
        return event

    def delete_under_wait(self, entry):
        self.drain(entry)
        waiting = self.another()
        waiting.send("POST", f"/v1/eventfds/{entry[0]}/read", {"timeout": "60s"})
        while self.call("state", "GET", f"/v1/eventfds/{entry[0]}")[1]["waiters"] == 0:
            pass
        self.living.remove(entry)
        self.delete(entry)
        status, problem = waiting.answer()
        self.slot.count("read")
        self.expect([410, "gone"], [status, kind(problem)], "a read of what is deleted meanwhile")
        waiting.close()

    def corner(self, entry):
        """Requests that are refused, and what is said of them."""
        own = f"/v1/eventfds/{entry[0]}"
        method, path, body, headers, status, problem = self.random.choice([
            ("PUT", own, {"semaphore": entry[2], "initial": 9}, {"If_None_Match": "*"}, 412, "precondition-failed"),
            ("PUT", own, {"semaphore": not entry[2]}, {}, 409, "exists"),
            ("PUT", "/v1/eventfds/.hidden", {}, {}, 400, "invalid-name"),
            ("POST", own + "/write", {"value": 0}, {}, 400, "invalid-value"),
            ("POST", own + "/write", {"value": 2**64 - 1}, {}, 400, "invalid-value"),
            ("POST", own + "/write", {"valve": 1}, {}, 400, "invalid-request"),
            ("POST", own + "/read", {"timeout": "5"}, {}, 400, "invalid-request"),
            ("GET", own + "/wait?timeout=1s&timeut=2s", None, {}, 400, "invalid-request"),
            ("POST", "/v1/wait", {"eventfds": [entry[0], entry[0]]}, {}, 400, "invalid-request"),
            ("POST", "/v1/write", {"eventfds": [{"name": entry[0]}, {"name": "nowhere"}]}, {}, 404, "not-found"),
            ("GET", own + "x/wait", None, {}, 404, "not-found"),
            ("PATCH", own, {}, {}, 405, "method-not-allowed"),
        ])  # fmt: skip
        found, answer = self.call("corner", method, path, body, **headers)
        self.expect([status, problem], [found, kind(answer)], f"{method} {path} {body}")

    def drain(self, entry):
        name, count, semaphore = entry
        for _ in range(count if semaphore else min(count, 1)):
            self.expect(200, self.call("read", "POST", f"/v1/eventfds/{name}/read")[0], "a read")


USES = [
    NameWorker.look, NameWorker.page, NameWorker.write_and_read, NameWorker.read_many, NameWorker.wake_up,
    NameWorker.wait_for_all, NameWorker.wait_for_any, NameWorker.watch, NameWorker.delete_under_wait, NameWorker.corner,
]  # fmt: skip
USE_WEIGHTS = [6, 2, 4, 3, 2, 2, 2, 1, 1, 3]


def names_with(worker, prefix):
    """All names that begin so, page by page."""
    names, after = [], ""
    while True:
        status, page = worker.call("list", "GET", f"/v1/eventfds?prefix={prefix}&limit=1000{after}")
        worker.expect(200, status, "a list")
        names += [one["name"] for one in page["eventfds"]]
        if "next" not in page:
            return names
        after = f"&after={page['next']}"


def kind(problem):
    return problem.get("type", "").removeprefix("urn:eventfdd:problem:") if isinstance(problem, dict) else problem
