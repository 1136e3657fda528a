"""Calls over api.sock against Redis, nginx and a bare Helidon over Unix sockets, with the same load generator in C."""

from contextlib import ExitStack
from itertools import count

from suite import load
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
    bare.warm_up(bare_answers(bench, bare, cores, 1))

    def against(server, protocol, plan):
        """A measurement of that server, or why there is none."""
        if isinstance(server, Skipped):
            return server
        socket = server.api if server in daemons else server.socket
        return lambda: figure(bench.c("load", protocol, socket, bench.seconds), near(cores), stdin=plan)

    # with a processor for all, one client shows it all
    for connections in (1,) if cores == SAME else CONNECTIONS:
        each = lambda request: load.plan([[request]] * connections)
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
        yield from bench.compare(
            f"HTTP ping-pong, {connections} {'pair' if connections == 1 else 'pairs'}",
            cores,
            "ns",
            round_trip(connections, against(daemon, "http", load.eventfdd_ping_pong(connections))),
            {
                "bare Helidon": round_trip(connections, bare_answers(bench, bare, cores, connections)),
                "Redis LPUSH/BLPOP": round_trip(
                    connections, against(redis, "redis", load.redis_ping_pong(connections))
                ),
            },
            {
                "bare Helidon": at_most(BARE_LEAVES[place]) if place in BARE_LEAVES else None,
                "Redis LPUSH/BLPOP": at_most(REDIS_LEAVES.get(place, 1)),
            },
            another=round_trip(connections, against(another, "http", load.eventfdd_ping_pong(connections))),
        )


def bare_answers(bench, bare, cores, pairs):
    """A measurement of the bare Helidon, each time with names of its own: threads of clients that are gone have the old ones."""
    command = bench.c("load", "http", bare.socket, bench.seconds)
    return lambda: figure(command, near(cores), stdin=load.eventfdd_ping_pong(pairs, f"-{next(NUMBERS)}"))


def round_trip(pairs, answers):
    """Nanoseconds of one round trip of each pair: it takes four answers."""
    if isinstance(answers, Skipped):
        return answers
    return lambda: 4e9 * pairs / answers()


def peer(servers, kind, directory, cpus):
    try:
        return servers.enter_context(kind(directory, cpus))
    except Skipped as reason:
        return reason
