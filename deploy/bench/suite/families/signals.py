"""What raw handles cost: calls that find what they want, signals between two processes, waking many."""

import json
import subprocess
from contextlib import ExitStack

from suite.bench import MEAN, PERCENTILES, named
from suite.machine import CROSS, FREE, SAME, Daemon, another_build, far, figure, finish, java, near, output, pinned, start
from suite.rounds import at_least, at_most


def rows(bench):
    with ExitStack() as servers:
        daemon = servers.enter_context(Daemon(bench.fresh("signals")))
        another = another_build(bench, servers, bench.fresh("signals-a"))
        yield from raw_calls(bench, daemon, another)
        yield from pinned(bench, "signals between two processes", lambda cores: of_cores(bench, daemon, another, cores))
        yield from wake(bench, daemon, another)


def of_cores(bench, daemon, another, cores):
    yield from ping_pong(bench, daemon, another, cores)
    yield from flow(bench, daemon, another, cores)


def raw_calls(bench, daemon, another):
    cpus = near(SAME)
    for call in ("write", "read", "pair"):
        yield from bench.compare(
            "raw write+read" if call == "pair" else f"raw {call}",
            SAME,
            "ns",
            lambda: jmh(bench, daemon, call),
            {"C": lambda: figure(bench.c("raw", call, bench.seconds / 2), cpus)},
            {"C": at_most(1.3 if call == "write" else 1.35)},
            another=lambda: jmh(bench, another, call, bench.against),
        )
    yield from bench.compare(
        "raw write in C on a named eventfd",
        SAME,
        "ns",
        lambda: figure(bench.c("raw", "write", bench.seconds / 2, daemon.fd), cpus),
        {"C without daemon": lambda: figure(bench.c("raw", "write", bench.seconds / 2), cpus)},
        {"C without daemon": at_most(1.02)},
    )


def jmh(bench, daemon, call, build=None):
    """JMH's word for it. Each round is a JVM of its own: it need not fork another."""
    result = bench.directory / "jmh.json"
    warm_up, iteration = (f"{int(seconds * 500)}ms" for seconds in (bench.warm_up, bench.seconds))
    times = ["-f", "0", "-wi", "2", "-w", warm_up, "-i", "2", "-r", iteration]
    main = java("org.openjdk.jmh.Main", *times, "-rf", "json", "-rff", result, rf"RawCalls\.{call}$", build=build)
    output(main, near(SAME), daemon.environment)
    return json.loads(result.read_text())[0]["primaryMetric"]["score"]


def ping_pong(bench, daemon, another, cores):
    targets = {
        (SAME, "platform threads"): at_most(1.3),
        (CROSS, "platform threads"): at_most(0.1),
        (CROSS, "virtual threads"): at_most(0.3),
        (SAME, "chained futures"): at_most(3),
        (CROSS, "chained futures"): at_most(0.3),
    }
    for kind in ("platform threads", "virtual threads", "futures", "chained futures"):
        # the percentiles of threads are in the family of Aeron
        for percent in (MEAN, *PERCENTILES) if "futures" in kind else (MEAN,):
            target = None if percent else targets.get((cores, kind))
            yield from round_trips(bench, daemon, another, cores, kind, percent, target)


def round_trips(bench, daemon, another, cores, kind, percent, target):
    word = kind.split()[0].rstrip("s")
    roles, times = (("pong", word), ("ping", word)), (bench.warm_up, bench.seconds, percent)
    c_cpus = [str(next(iter(near(cores)))), str(next(iter(far(cores))))]
    c = lambda by: figure(bench.c("ping-pong", by, *c_cpus, bench.seconds, percent))
    yield from bench.compare(
        named(f"ping-pong, {kind}", percent),
        cores,
        "ns",
        lambda: pair_of_jvms(daemon, cores, "PingPong", *roles, *times),
        {"C, read(2)": lambda: c("eventfd"), "POSIX semaphores": lambda: c("semaphore")},
        {"C, read(2)": target},
        another=lambda: pair_of_jvms(another, cores, "PingPong", *roles, *times, build=bench.against),
    )


def flow(bench, daemon, another, cores):
    c_cpus = [str(next(iter(near(cores)))), str(next(iter(far(cores))))]
    roles, seconds = (("producer",), ("consumer",)), 2 * bench.seconds
    yield from bench.compare(
        "one producer, one consumer",
        cores,
        "signals/s",
        lambda: pair_of_jvms(daemon, cores, "Flow", *roles, seconds),
        {"C": lambda: figure(bench.c("stream", *c_cpus, bench.seconds))},
        {"C": at_least(0.9)} if cores == CROSS else None,
        another=lambda: pair_of_jvms(another, cores, "Flow", *roles, seconds, build=bench.against),
        more_is_better=True,
    )


def pair_of_jvms(daemon, cores, main, other, measured, *times, build=None):
    """Two JVMs that run our program, each in its role."""
    commands = (java(f"io.eventfdd.bench.{main}", *role, *times, build=build) for role in (other, measured))
    return two_jvms(*commands, cores, daemon.environment)


def two_jvms(other, measured, cores, environment):
    """Two JVMs of which the second tells the figure; the first ends with it."""
    helper = start(other, far(cores), environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        value = figure(measured, near(cores), environment)
        finish(helper)
        return value
    finally:
        helper.kill()


def wake(bench, daemon, another):
    for waiters in (1, 100, bench.crowd):
        for percent in (50, 99) if waiters == 1 else (50,):
            yield from bench.compare(
                named(f"wake of {waiters:,} virtual threads", percent),
                FREE,
                "ns",
                lambda: wave(bench, daemon, waiters, percent),
                {"C, as many threads": lambda: figure(bench.c("wake", waiters, bench.seconds, percent))},
                {"C, as many threads": at_most(3)} if (waiters, percent) == (1, 50) else None,
                another=lambda: wave(bench, another, waiters, percent, bench.against),
            )


def wave(bench, daemon, waiters, percent, build=None):
    main = java("io.eventfdd.bench.Wake", waiters, 2 * bench.seconds, percent, build=build)
    return figure(main, None, daemon.environment)
