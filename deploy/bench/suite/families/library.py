"""The library over HTTP, from several threads of one JVM, against Redis from the same JVM and from C."""

from contextlib import ExitStack

from suite import load
from suite.families.http import peer
from suite.machine import FREE, Daemon, Redis, figure, free_port, java
from suite.rounds import Skipped, at_least

THREADS = (1, 8, 64)


def rows(bench):
    with ExitStack() as servers:
        directory = bench.fresh("library")
        daemon = servers.enter_context(Daemon(directory / "d"))
        port = free_port()
        redis = peer(servers, lambda *place: Redis(*place, port=port), directory, None)
        load.warm_up(bench, daemon)

        def from_java(client, threads):
            if client != "eventfdd" and isinstance(redis, Skipped):
                return redis
            times = (bench.warm_up, bench.seconds)
            command = java("io.eventfdd.bench.Writers", client, port, threads, *times)
            return lambda: figure(command, None, daemon.environment)

        def from_c(connections):
            if isinstance(redis, Skipped):
                return redis
            plan = load.plan([[load.redis("INCR", "w")]] * connections)
            return lambda: figure(bench.c("load", "redis", redis.socket, bench.seconds), None, stdin=plan)

        for threads in THREADS:
            many = threads == max(THREADS)
            yield from bench.compare(
                f"library over HTTP, {threads} {'thread writes' if threads == 1 else 'threads write'}",
                FREE,
                "/s",
                from_java("eventfdd", threads),
                {
                    "Redis, Lettuce": from_java("lettuce", threads),
                    "Redis, Jedis": from_java("jedis", threads),
                    "Redis, C": from_c(threads),
                },
                {"Redis, Lettuce": at_least(2), "Redis, C": at_least(1)} if many else None,
                more_is_better=True,
            )
