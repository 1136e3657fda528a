"""Very many: waits that are outstanding at once, and eventfds that are there at once."""

import subprocess
import time

from suite import load
from suite.machine import FREE, SAME, Daemon, figure, finish, most_descriptors, near, start
from suite.rounds import Row, at_most

# those of the JVM itself, of sockets, and to spare
OTHER_DESCRIPTORS = 1500


def rows(bench):
    yield from outstanding_waits(bench)
    yield from many_eventfds(bench)


def latency(bench, daemon, cpus=None):
    """Nanoseconds of an HTTP round trip, with one connection on each side."""
    answers = figure(bench.c("load", "http", daemon.api, bench.seconds), cpus, stdin=load.eventfdd_ping_pong(1))
    return 4e9 / answers


def outstanding_waits(bench):
    crowd = min(bench.crowd, most_descriptors() - OTHER_DESCRIPTORS)
    options = ["--max-connections", str(crowd + 100), "--max-eventfds", "100"]
    memory, woken, alone, beside = [], [], [], []
    with Daemon(bench.fresh("waits") / "d", options=options) as daemon:
        daemon.create("crowd")
        load.warm_up(bench, daemon)
        # the first wave takes the memory, and is the warm-up of all else
        for wave in range(bench.rounds + 1):
            alone.append(latency(bench, daemon))
            before = daemon.rss
            waiting = park(bench, daemon, crowd)
            memory.append((daemon.rss - before) / crowd / 1024)
            beside.append(latency(bench, daemon))
            woken.append(float(finish(waiting, "\n")) / 1e6)
            daemon.call("POST", "/v1/eventfds/crowd/read", {})
    yield Row(f"memory of {crowd:,} HTTP waits, for each", FREE, "KB", memory[:1], target=at_most(30))
    yield Row(f"wake of {crowd:,} HTTP waits", FREE, "ms", woken[1:], target=at_most(250))
    yield Row(f"HTTP ping-pong beside {crowd:,} waits", FREE, "ns", beside[1:], "alone", alone[1:], at_most(1.2))


def park(bench, daemon, crowd):
    """The process that has so many waits outstanding."""
    head = "Host: localhost"
    wait = f"GET /v1/eventfds/crowd/wait?timeout=5m HTTP/1.1\r\n{head}"
    trigger = f"POST /v1/eventfds/crowd/write HTTP/1.1\r\n{head}\r\nContent-Length: 0"
    process = start(
        bench.c("park", daemon.api, crowd, wait, trigger),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 60
    while process.poll() is None and daemon.call("GET", "/v1/eventfds/crowd")["waiters"] < crowd:
        if time.monotonic() > deadline:
            process.kill()
            raise RuntimeError("the waits did not come to stand within a minute")
        time.sleep(0.02)
    process.stdout.readline()
    return process


def many_eventfds(bench):
    count = min(bench.crowd * 10, most_descriptors() - OTHER_DESCRIPTORS)
    options = ["--max-eventfds", str(count), "--max-eventfds-per-user", str(count), "--max-connections", "256"]
    few_directory, many_directory = bench.fresh("few"), bench.fresh("many")
    # on one core, where a round trip takes the same time each time
    cpus = near(SAME)
    with Daemon(few_directory / "d", cpus) as few, Daemon(many_directory / "d", cpus, options) as many:
        for daemon in (few, many):
            load.warm_up(bench, daemon)
        heap, rss = many.heap(), many.rss
        names = [f"e{number}" for number in range(count - 3)]
        creations = [[load.http("PUT", f"/v1/eventfds/{name}") for name in names[part::8]] for part in range(8)]
        rate = figure(bench.c("load", "http", many.api, 0), stdin=load.plan(creations))
        rss = (many.rss - rss) / len(names) / 1024
        heap = (many.heap() - heap) / len(names)
        for name in names[:7]:
            few.create(name)
        yield Row(f"creation of {count:,} eventfds", SAME, "/s", [rate])
        yield Row(f"heap of {count:,} eventfds, for each", SAME, "bytes", [heap], target=at_most(1024))
        yield Row(f"memory of {count:,} eventfds, for each", SAME, "KB", [rss])
        for daemon in (few, many):
            # the creations had the compiler at work again, and on the core of both it would be in the other's way as well
            daemon.warm_up(lambda: latency(bench, daemon, cpus))
        yield from bench.compare(
            f"HTTP ping-pong beside {count:,} eventfds",
            SAME,
            "ns",
            lambda: latency(bench, many, cpus),
            {"beside 10": lambda: latency(bench, few, cpus)},
            {"beside 10": at_most(1.2)},
        )
