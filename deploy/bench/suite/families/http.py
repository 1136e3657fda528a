"""Calls over api.sock against Redis, nginx and a bare Helidon over Unix sockets, with the same load generator in C."""

from contextlib import ExitStack
from itertools import count

from suite import load
from suite.bench import MEAN, PERCENTILES, named
from suite.machine import CROSS, FREE, SAME, BareHelidon, Daemon, Nginx, Redis, another_build, far, figure, near, running
from suite.rounds import Skipped, at_least, at_most, skipped

CONNECTIONS = (1, 8, 64)

# Of the time that Redis takes for a ping-pong, about what Helidon leaves.
REDIS_LEAVES = {(SAME, 1): 2.0, (CROSS, 8): 2.9, (CROSS, 64): 2.6, (FREE, 8): 2.9, (FREE, 64): 2.6}

# Nine answers where the bare Helidon gives ten.
BARE_LEAVES = {(CROSS, 8): 1.11, (CROSS, 64): 1.11}

NUMBERS = count()


def rows(bench):
    for cores in bench.cores:
        try:
            with ExitStack() as servers:
                yield from placed(bench, cores, servers)
        except Skipped as reason:
            yield skipped("HTTP", cores, reason)


def placed(bench, cores, servers):
    directory = bench.fresh(f"http-{cores}")
    cpus = far(cores)
    daemon = servers.enter_context(Daemon(directory / "d", cpus))
    redis, nginx = (peer(servers, kind, directory, cpus) for kind in (Redis, Nginx))
    another = another_build(bench, servers, directory / "a", cpus)
    daemons = running(daemon, another)
    for one in daemons:
        one.create("w")
        one.create("r", semaphore=True, initial=2**32 - 1)
        for pair in range(max(CONNECTIONS)):
            one.create(f"ping-{pair}")
            one.create(f"pong-{pair}")
        load.warm_up(bench, one)
    bare = servers.enter_context(BareHelidon(directory, cpus, daemon))

    def against(server, protocol, plan, percent=MEAN):
        """A measurement of that server, or why there is none."""
        if isinstance(server, Skipped):
            return server
        socket = server.api if server in daemons else server.socket
        return lambda: figure(bench.c("load", protocol, socket, bench.seconds, percent), near(cores), stdin=plan())

    bare.warm_up(against(bare, "http", new_names(load.eventfdd_ping_pong, 1)))
    # with a processor for all, one client shows it all
    for connections in (1,) if cores == SAME else CONNECTIONS:
        each = lambda request: lambda: load.plan([[request]] * connections)
        plural = "connection" if connections == 1 else "connections"
        yield from bench.compare(
            f"HTTP write, {connections} {plural}",
            cores,
            "/s",
            against(daemon, "http", each(load.write("w"))),
            {
                "Redis INCR": against(redis, "redis", each(load.redis("INCR", "w"))),
                "nginx static 200": against(nginx, "http", each(load.write("w"))),
            },
            {"Redis INCR": at_least(1), "nginx static 200": at_least(0.7) if connections == 64 else None},
            another=against(another, "http", each(load.write("w"))),
            more_is_better=True,
        )
        yield from bench.compare(
            f"HTTP read, {connections} {plural}",
            cores,
            "/s",
            against(daemon, "http", each(load.read("r"))),
            {"Redis DECR": against(redis, "redis", each(load.redis("DECR", "r")))},
            another=against(another, "http", each(load.read("r"))),
            more_is_better=True,
        )
        place = (cores, connections)
        targets = {
            "bare Helidon": at_most(BARE_LEAVES[place]) if place in BARE_LEAVES else None,
            "Redis LPUSH/BLPOP": at_most(REDIS_LEAVES.get(place, 1)),
        }
        ours = lambda: load.eventfdd_ping_pong(connections)
        for percent in (MEAN, *PERCENTILES) if connections == 1 else (MEAN,):
            round_trip = lambda server, protocol, plan: of_pairs(connections, against(server, protocol, plan, percent), percent)
            yield from bench.compare(
                named(f"HTTP ping-pong, {connections} {'pair' if connections == 1 else 'pairs'}", percent),
                cores,
                "ns",
                round_trip(daemon, "http", ours),
                {
                    "bare Helidon": round_trip(bare, "http", new_names(load.eventfdd_ping_pong, connections)),
                    "Redis LPUSH/BLPOP": round_trip(redis, "redis", new_names(load.redis_ping_pong, connections)),
                },
                None if percent else targets,
                another=round_trip(another, "http", ours),
            )


def new_names(ping_pong, pairs):
    """A plan that has names of its own each time, for a server that keeps the signals, and the waits, of clients that are gone."""
    return lambda: ping_pong(pairs, f"-{next(NUMBERS)}")


def of_pairs(pairs, measured, percent):
    """Nanoseconds of one round trip of each pair. A percentile is that; of answers in a second, it takes four."""
    if percent or isinstance(measured, Skipped):
        return measured
    return lambda: 4e9 * pairs / measured()


def peer(servers, kind, directory, cpus):
    try:
        return servers.enter_context(kind(directory, cpus))
    except Skipped as reason:
        return reason
