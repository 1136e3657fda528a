"""The library over HTTP, from several threads of one JVM, against Redis from the same JVM and from C."""

from contextlib import ExitStack

from suite import load
from suite.families.http import peer
from suite.machine import CROSS, FREE, Daemon, Redis, another_build, far, figure, free_port, java, near, running
from suite.rounds import Skipped, at_least, skipped

THREADS = (1, 8, 64)

# how old the JVM is when it is measured: one that has run for a while, and one of a program that has just begun
USUAL, YOUNG = 1.5, 3


def rows(bench):
    with ExitStack() as servers:
        yield from warm(bench, Place(bench, FREE, servers))
    try:
        with ExitStack() as servers:
            yield from young(bench, Place(bench, CROSS, servers))
    except Skipped as reason:
        yield skipped("library over HTTP from a young JVM", CROSS, reason)


class Place:
    """A daemon and a Redis, and those who call them."""

    def __init__(self, bench, cores, servers):
        self.bench, self.cpus = bench, near(cores)
        directory = bench.fresh(f"library-{cores}")
        self.daemon = servers.enter_context(Daemon(directory / "d", far(cores)))
        self.port = free_port()
        self.redis = peer(servers, lambda *place: Redis(*place, port=self.port), directory, far(cores))
        self.another = another_build(bench, servers, directory / "a", far(cores))
        for daemon in running(self.daemon, self.another):
            load.warm_up(bench, daemon)

    def from_java(self, call, client, threads, age, build=None):
        if client != "eventfdd" and isinstance(self.redis, Skipped):
            return self.redis
        command = java("io.eventfdd.bench.Callers", call, client, self.port, threads, age, self.bench.seconds, build=build)
        daemon = self.another if build else self.daemon
        return lambda: figure(command, self.cpus, daemon.environment)

    def from_c(self, command, connections):
        if isinstance(self.redis, Skipped):
            return self.redis
        plan = load.plan([[load.redis(command, "c")]] * connections)
        return lambda: figure(self.bench.c("load", "redis", self.redis.socket, self.bench.seconds), self.cpus, stdin=plan)


def warm(bench, place):
    for threads in THREADS:
        verb = "thread writes" if threads == 1 else "threads write"
        targets = {"Redis, Lettuce": at_least(2), "Redis, C": at_least(1)} if threads == max(THREADS) else None
        yield from beside_redis(bench, place, "write", "INCR", threads, f"{threads} {verb}", targets)
    yield from beside_redis(bench, place, "read", "DECR", max(THREADS), f"{max(THREADS)} threads take permits", None)


def beside_redis(bench, place, call, command, threads, who, targets):
    ours = lambda client, build=None: place.from_java(call, client, threads, USUAL * bench.warm_up, build)
    yield from bench.compare(
        f"library over HTTP, {who}",
        FREE,
        "/s",
        ours("eventfdd"),
        {"Redis, Lettuce": ours("lettuce"), "Redis, Jedis": ours("jedis"), "Redis, C": place.from_c(command, threads)},
        targets,
        another=ours("eventfdd", bench.against),
        more_is_better=True,
    )


def young(bench, place):
    """As a program does that has just begun, on a processor of its own."""
    age = YOUNG * bench.warm_up
    yield from bench.compare(
        f"library over HTTP, {max(THREADS)} threads write, {YOUNG} s after the start of the JVM",
        CROSS,
        "/s",
        place.from_java("write", "eventfdd", max(THREADS), age),
        {
            "Redis, Lettuce": place.from_java("write", "lettuce", max(THREADS), age),
            "Redis, Jedis": place.from_java("write", "jedis", max(THREADS), age),
        },
        {"Redis, Lettuce": at_least(1), "Redis, Jedis": at_least(1)},
        more_is_better=True,
    )
