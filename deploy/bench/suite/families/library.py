"""The library over HTTP, from several threads of one JVM, against Redis from the same JVM and from C."""

from contextlib import ExitStack

from suite import load
from suite.families.http import peer
from suite.machine import CROSS, FREE, Daemon, Redis, another_build, far, figure, free_port, java, near, running
from suite.rounds import Skipped, at_least, skipped

THREADS = (1, 8, 64)

# how old the JVM of a writer is when it is measured: one that has run for a while, and one of a program that has just begun
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

    def from_java(self, client, threads, age, build=None):
        if client != "eventfdd" and isinstance(self.redis, Skipped):
            return self.redis
        command = java("io.eventfdd.bench.Writers", client, self.port, threads, age, self.bench.seconds, build=build)
        daemon = self.another if build else self.daemon
        return lambda: figure(command, self.cpus, daemon.environment)

    def from_c(self, connections):
        if isinstance(self.redis, Skipped):
            return self.redis
        plan = load.plan([[load.redis("INCR", "w")]] * connections)
        return lambda: figure(self.bench.c("load", "redis", self.redis.socket, self.bench.seconds), self.cpus, stdin=plan)


def warm(bench, place):
    for threads in THREADS:
        many = threads == max(THREADS)
        yield from bench.compare(
            f"library over HTTP, {threads} {'thread writes' if threads == 1 else 'threads write'}",
            FREE,
            "/s",
            place.from_java("eventfdd", threads, USUAL * bench.warm_up),
            {
                "Redis, Lettuce": place.from_java("lettuce", threads, USUAL * bench.warm_up),
                "Redis, Jedis": place.from_java("jedis", threads, USUAL * bench.warm_up),
                "Redis, C": place.from_c(threads),
            },
            {"Redis, Lettuce": at_least(2), "Redis, C": at_least(1)} if many else None,
            another=place.from_java("eventfdd", threads, USUAL * bench.warm_up, build=bench.against),
            more_is_better=True,
        )


def young(bench, place):
    """As a program does that has just begun, on a processor of its own."""
    age = YOUNG * bench.warm_up
    yield from bench.compare(
        f"library over HTTP, {max(THREADS)} threads write, {YOUNG} s after the start of the JVM",
        CROSS,
        "/s",
        place.from_java("eventfdd", max(THREADS), age),
        {
            "Redis, Lettuce": place.from_java("lettuce", max(THREADS), age),
            "Redis, Jedis": place.from_java("jedis", max(THREADS), age),
        },
        {"Redis, Lettuce": at_least(1), "Redis, Jedis": at_least(1)},
        more_is_better=True,
    )
