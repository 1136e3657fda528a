"""Opening eventfds by name: the daemon's fd.sock against a bare server in C, with the same client in C."""

import socket
from contextlib import ExitStack

from suite.machine import FREE, Daemon, Server, another_build, connects, far, figure, near, running
from suite.rounds import Skipped, at_least, skipped

CASES = [
    ("open by name, new connection", "new", 1),
    ("open by name, kept connection", "kept", 1),
    ("open 253 at once", "kept", 253),
]


def rows(bench):
    for cores in bench.cores:
        if cores == FREE:
            continue  # one request at a time: as one of the others, and which is by chance
        try:
            yield from placed(bench, cores)
        except Skipped as reason:
            yield skipped("open by name", cores, reason)


def placed(bench, cores):
    directory = bench.fresh(f"open-{cores}")
    bare = directory / "bare.sock"
    ready = lambda: connects(bare, socket.SOCK_SEQPACKET)
    with ExitStack() as servers:
        daemon = servers.enter_context(Daemon(directory / "d", far(cores)))
        servers.enter_context(Server(bench.c("fd-server", bare), ready, far(cores)))
        another = another_build(bench, servers, directory / "a", far(cores))
        for warm in running(daemon, another):
            for _, connection, names in CASES:
                warm.warm_up(lambda: figure(bench.c("open", connection, warm.fd, names, bench.warm_up)))
        for what, connection, names in CASES:
            open_at = lambda path: 1e9 / figure(
                bench.c("open", connection, path, names, bench.seconds), near(cores)
            )
            yield from bench.compare(
                what,
                cores,
                "/s",
                lambda: open_at(daemon.fd),
                {"bare C server": lambda: open_at(bare)},
                {"bare C server": at_least(0.5)},
                another=lambda: open_at(another.fd),
                more_is_better=True,
            )
