"""Very many: waits that are outstanding at once, and eventfds that are there at once."""

import subprocess
import time
from contextlib import ExitStack

from suite import load
from suite.bench import of_each_build
from suite.machine import FREE, SAME, Daemon, another_build, figure, finish, most_descriptors, near, running, start
from suite.rounds import at_most, race

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
    directory = bench.fresh("waits")
    with ExitStack() as servers:
        daemon = servers.enter_context(Daemon(directory / "d", options=options))
        daemons = running(daemon, another_build(bench, servers, directory / "a", options=options))
        for one in daemons:
            one.create("crowd")
            load.warm_up(bench, one)
        waves = race(bench.rounds + 1, {one: lambda one=one: wave(bench, one, crowd) for one in daemons})

    # the first wave takes the memory, and is the warm-up of all else
    def of(name, part=slice(1, None)):
        return [[each[name] for each in waves[one][part]] for one in daemons]

    memory, woken, beside, alone = of("memory", slice(1)), of("woken"), of("beside"), of("alone")[0]
    yield from of_each_build(f"memory of {crowd:,} HTTP waits, for each", FREE, "KB", memory, target=at_most(30))
    yield from of_each_build(f"wake of {crowd:,} HTTP waits", FREE, "ms", woken, target=at_most(250))
    yield from of_each_build(f"HTTP ping-pong beside {crowd:,} waits", FREE, "ns", beside, "alone", alone, at_most(1.2))


def wave(bench, daemon, crowd):
    """What so many waits take, and the ping-pong before and beside them."""
    alone = latency(bench, daemon)
    before = daemon.rss
    waiting = park(bench, daemon, crowd)
    memory = (daemon.rss - before) / crowd / 1024
    beside = latency(bench, daemon)
    woken = float(finish(waiting, "\n")) / 1e6
    daemon.call("POST", "/v1/eventfds/crowd/read", {})
    return {"memory": memory, "woken": woken, "alone": alone, "beside": beside}


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
    directory = bench.fresh("eventfds")
    # on one core, where a round trip takes the same time each time
    cpus = near(SAME)
    with ExitStack() as servers:
        few = servers.enter_context(Daemon(directory / "few", cpus))
        many = servers.enter_context(Daemon(directory / "many", cpus, options))
        another = another_build(bench, servers, directory / "a", cpus, options)
        for name in eventfds(7):
            few.create(name)
        daemons = running(few, many, another)
        for one in daemons:
            load.warm_up(bench, one)
        rates, heaps, sizes = zip(*(filled(bench, one, eventfds(count - 3)) for one in daemons[1:]))
        yield from of_each_build(f"creation of {count:,} eventfds", SAME, "/s", rates)
        yield from of_each_build(f"heap of {count:,} eventfds, for each", SAME, "bytes", heaps, target=at_most(1024))
        yield from of_each_build(f"memory of {count:,} eventfds, for each", SAME, "KB", sizes)
        for one in daemons:
            # the creations had the compiler at work again, and on the core of all it would be in the others' way as well
            one.warm_up(lambda: latency(bench, one, cpus))
        yield from bench.compare(
            f"HTTP ping-pong beside {count:,} eventfds",
            SAME,
            "ns",
            lambda: latency(bench, many, cpus),
            {"beside 10": lambda: latency(bench, few, cpus)},
            {"beside 10": at_most(1.2)},
            another=lambda: latency(bench, another, cpus),
        )


def eventfds(count):
    """So many names: with the three of the warm-up, it is a round number of eventfds."""
    return [f"e{number}" for number in range(count)]


def filled(bench, daemon, names):
    """Creations in a second, and the bytes of heap and the KB of memory that each takes."""
    heap, rss = daemon.heap(), daemon.rss
    creations = [[load.http("PUT", f"/v1/eventfds/{name}") for name in names[part::8]] for part in range(8)]
    rate = figure(bench.c("load", "http", daemon.api, 0), stdin=load.plan(creations))
    rss = (daemon.rss - rss) / len(names) / 1024
    return [rate], [(daemon.heap() - heap) / len(names)], [rss]
