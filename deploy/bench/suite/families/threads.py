"""Signals between two processes, against permits between two threads of one JVM."""

from suite.bench import MEAN
from suite.families.signals import pair_of_jvms
from suite.machine import Daemon, far, figure, java, near, pinned

PEER = "one JVM, j.u.c."


def rows(bench):
    with Daemon(bench.fresh("threads")) as daemon:
        yield from pinned(bench, "permits between threads", lambda cores: of_cores(bench, daemon, cores))


def of_cores(bench, daemon, cores):
    for kind in ("platform", "virtual"):
        roles, times = (("pong", kind), ("ping", kind)), (bench.warm_up, bench.seconds, MEAN)
        yield from bench.compare(
            f"ping-pong, {kind} threads",
            cores,
            "ns",
            lambda: pair_of_jvms(daemon, cores, "PingPong", *roles, *times),
            {PEER: lambda: one_jvm(bench, cores, "ping-pong", kind)},
        )
    yield from bench.compare(
        "one producer, one consumer",
        cores,
        "signals/s",
        lambda: pair_of_jvms(daemon, cores, "Flow", ("producer",), ("consumer",), 2 * bench.seconds),
        {PEER: lambda: one_jvm(bench, cores, "flow", "platform")},
        more_is_better=True,
    )


def one_jvm(bench, cores, what, kind):
    here, there = near(cores), far(cores)
    times = (bench.warm_up, bench.seconds)
    return figure(java("io.eventfdd.bench.OneJvm", what, kind, *here, *there, *times), here | there)
