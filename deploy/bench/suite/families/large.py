"""Calls on very many names at once: what they cost everybody else, and what they save the caller."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from suite import load
from suite.bench import ANOTHER_BUILD
from suite.machine import FREE, SAME, Daemon, another_build, figure, finish, near, start
from suite.rounds import Row, at_most

NAMES = 1000
# a build that looks at all names for each of them takes very long with more
NAMES_BESIDE_ANOTHER_BUILD = 200
MANY_WAITS = 20
SIGNALS = 64

# the metric is of the last minute or two
LONGEST_TURN = "eventfdd_loop_longest_turn_seconds"
FORGOTTEN_SECONDS = 125

MILLION = 1_000_000


def rows(bench):
    waiters = str(2 * MANY_WAITS * NAMES)
    options = ["--max-waiters", waiters, "--max-waiters-per-user", waiters]
    with Daemon(bench.fresh("large") / "d", options=options) as daemon:
        crowd = Crowd(daemon, NAMES)
        daemon.warm_up(lambda: [wave(bench, crowd, *shape, 0) for shape in SHAPES])
        yield from beside_waits(bench, daemon, crowd)
        yield from raw_write(bench, daemon, crowd)
        yield from many_signals(bench, daemon)
    if bench.against:
        yield from beside_another_build(bench)


class Crowd:
    """Readable names that waits for all of them have, and one more name that is at 0."""

    def __init__(self, daemon, count):
        self.daemon = daemon
        self.names = [f"readable-{number}" for number in range(count)]
        for name in self.names:
            # each consumer takes 1, so that all of them are served at the same moment
            daemon.create(name, semaphore=True, initial=2**32 - 1)
        daemon.create("observed")
        daemon.create("consumed", semaphore=True)

    @contextmanager
    def waiting(self, waits, consume):
        """So many waits for all names are outstanding while the block runs. At its end they are answered."""
        missing = "consumed" if consume else "observed"
        wait = {"eventfds": [*self.names, missing], "mode": "all", "consume": consume, "timeout": "2m"}
        with ThreadPoolExecutor(max(waits, 1)) as clients:
            answers = [clients.submit(self.daemon.call, "POST", "/v1/wait", wait) for _ in range(waits)]
            try:
                self.until_waiting(missing, waits, answers)
                yield
            finally:
                self.daemon.call("POST", f"/v1/eventfds/{missing}/write", {"value": max(waits, 1)})
            for answer in answers:
                answer.result()
        if not consume:
            self.daemon.call("POST", f"/v1/eventfds/{missing}/read", {})

    def until_waiting(self, missing, waits, answers):
        deadline = time.monotonic() + 60
        while self.daemon.call("GET", f"/v1/eventfds/{missing}")["waiters"] < waits:
            for answer in answers:
                if answer.done():
                    raise RuntimeError(f"a wait ended before its time: {answer.result()}")
            if time.monotonic() > deadline:
                raise RuntimeError("the waits were not outstanding within a minute")
            time.sleep(0.001)


# how many waits, and whether they consume
SHAPES = [(waits, consume) for waits in (1, MANY_WAITS) for consume in (False, True)]


def wave(bench, crowd, waits, consume, seconds):
    """
    Milliseconds of the slowest open beside these waits from their arrival to their answers, and the
    99th percentile. The waits are outstanding for at least so many seconds.
    """
    witness = start(
        bench.c("witness", crowd.daemon.fd),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        witness.stdout.readline()
        with crowd.waiting(waits, consume):
            time.sleep(seconds)
        return [float(nanos) / MILLION for nanos in finish(witness, "\n").split()]
    finally:
        witness.kill()


def beside_waits(bench, daemon, crowd):
    if not bench.smoke:
        time.sleep(FORGOTTEN_SECONDS)
    for waits, consume in [(0, False), *SHAPES]:
        figures = [wave(bench, crowd, waits, consume, bench.seconds / 2) for _ in range(bench.rounds)]
        slowest, most = zip(*figures)
        what = f"open beside {described(waits, consume)}" if waits else "open, alone"
        yield Row(f"{what}: slowest", FREE, "ms", [max(slowest)], target=at_most(20) if waits else None)
        yield Row(f"{what}: 99 %", FREE, "ms", list(most))
    turn = daemon.metric(LONGEST_TURN) * 1000
    yield Row("longest turn of the loop meanwhile", FREE, "ms", [turn], target=at_most(10))


def described(waits, consume):
    kind = "consuming" if consume else "observing"
    return f"{waits} {kind} {'wait' if waits == 1 else 'waits'} for all of {NAMES + 1:,}"


def raw_write(bench, daemon, crowd):
    def alone():
        return figure(bench.c("raw", "write", bench.seconds / 2, daemon.fd), near(SAME))

    def beside():
        with crowd.waiting(MANY_WAITS, consume=True):
            return alone()

    yield from bench.compare(
        f"raw write in C beside {described(MANY_WAITS, True)}",
        SAME,
        "ns",
        beside,
        {"without them": alone},
        {"without them": at_most(1.02)},
    )


def many_signals(bench, daemon):
    names = [f"signal-{number}" for number in range(SIGNALS)]
    for name in names:
        daemon.create(name)
    daemon.create("permits", semaphore=True, initial=2**32 - 1)
    write_all = load.http("POST", "/v1/write", {"eventfds": [{"name": name} for name in names]})
    read_all = load.http("POST", "/v1/eventfds/permits/read", {"max": SIGNALS, "timeout": "0s"})

    def signals(requests, of_each):
        plan = load.plan([requests])
        return lambda: of_each * figure(bench.c("load", "http", daemon.api, bench.seconds), stdin=plan)

    calls = {
        "written": (signals([write_all], SIGNALS), signals([load.write(name) for name in names], 1)),
        "read": (signals([read_all], SIGNALS), signals([load.read("permits")], 1)),
    }
    for verb, (at_once, singly) in calls.items():
        for call in (at_once, singly):
            daemon.warm_up(call)
        yield from bench.compare(
            f"{SIGNALS} signals {verb} in one call",
            FREE,
            "signals/s",
            at_once,
            {f"{SIGNALS} calls": singly},
            more_is_better=True,
        )


def beside_another_build(bench):
    directory = bench.fresh("builds")
    with ExitStack() as servers:
        ours = servers.enter_context(Daemon(directory / "ours"))
        theirs = another_build(bench, servers, directory / "theirs")
        crowds = [Crowd(daemon, NAMES_BESIDE_ANOTHER_BUILD) for daemon in (ours, theirs)]
        for consume in (False, True):
            for crowd in crowds:
                crowd.daemon.warm_up(lambda: answered(crowd, consume))
            our_crowd, their_crowd = crowds
            kind = "consuming" if consume else "observing"
            yield from bench.compare(
                f"{kind} wait for all of {NAMES_BESIDE_ANOTHER_BUILD + 1}, until answered",
                FREE,
                "ms",
                lambda: answered(our_crowd, consume),
                {},
                {ANOTHER_BUILD: at_most(1.2)},
                another=lambda: answered(their_crowd, consume),
            )


def answered(crowd, consume):
    """Milliseconds from the request of one wait to its answer, with the write that it waits for."""
    started = time.perf_counter()
    with crowd.waiting(1, consume):
        pass
    return (time.perf_counter() - started) * 1000
