"""Signals between two processes, and a wait for none, against Aeron's messages in shared memory."""

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from suite.families.signals import pair_of_jvms
from suite.machine import CROSS, FREE, SAME, Daemon, far, figure, finish, java, near, start
from suite.rounds import Skipped, skipped

import subprocess

# Aeron writes to its buffers by means that Java closes by default.
OPEN = {"JDK_JAVA_OPTIONS": "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED"}
STRATEGIES = {"yields": "yield", "spins": "spin", "backs off": "backoff"}
PERCENTILES = (99, 99.9)

# On one core, a process that spins keeps the other one from running until its time slice is over.
RACES = {SAME: ("yields",), CROSS: ("yields", "spins")}


def rows(bench):
    with Daemon(bench.fresh("aeron")) as daemon:
        for cores in bench.cores:
            if cores == FREE:
                continue
            try:
                near(cores)
            except Skipped as reason:
                yield skipped("messages of Aeron", cores, reason)
                continue
            yield from bench.compare(
                "ping-pong, platform threads",
                cores,
                "ns",
                lambda: pair_of_jvms(
                    bench, daemon, cores, "PingPong", ("pong", "platform"), ("ping", "platform"), bench.warm_up
                ),
                peers(bench, cores, "pong", "ping"),
            )
            for percent in PERCENTILES:
                yield from bench.compare(
                    f"ping-pong, platform threads: {percent} %",
                    cores,
                    "ns",
                    lambda: two_jvms(
                        *(ping_pong(role, bench, percent) for role in ("pong", "ping")), cores, daemon.environment
                    ),
                    peers(bench, cores, "pong", "ping", percent),
                )
            yield from bench.compare(
                "one producer, one consumer",
                cores,
                "signals/s",
                lambda: pair_of_jvms(bench, daemon, cores, "Flow", ("producer",), ("consumer",)),
                peers(bench, cores, "producer", "consumer"),
                more_is_better=True,
            )
        times = (bench.warm_up, 5 * bench.seconds)
        yield from bench.compare(
            "idle, one thread waits",
            FREE,
            "% of a processor",
            lambda: figure(java("io.eventfdd.bench.Idle", *times), None, daemon.environment),
            {f"Aeron IPC, {name}": idle(strategy, times) for name, strategy in STRATEGIES.items()},
        )


def ping_pong(role, bench, percent):
    return java("io.eventfdd.bench.PingPong", role, "platform", bench.warm_up, bench.seconds, percent)


def peers(bench, cores, other, measured, *percent):
    return {
        f"Aeron IPC, {name}": lambda strategy=STRATEGIES[name]: pair(bench, cores, strategy, other, measured, *percent)
        for name in RACES[cores]
    }


@contextmanager
def buffers():
    """Where Aeron has its buffers: in memory, as eventfds are."""
    shared = Path("/dev/shm")
    with TemporaryDirectory(prefix="efd-aeron-", dir=shared if shared.is_dir() else None) as directory:
        yield Path(directory) / "d"


def aeron(role, strategy, directory, *times):
    return java("io.eventfdd.bench.AeronIpc", role, strategy, directory, *times)


def pair(bench, cores, strategy, other, measured, *percent):
    with buffers() as directory:
        times = (bench.warm_up, bench.seconds, *percent)
        return two_jvms(*(aeron(role, strategy, directory, *times) for role in (other, measured)), cores, OPEN)


def two_jvms(other, measured, cores, environment):
    """Two JVMs of which the second tells the figure; the first ends with it."""
    helper = start(other, far(cores), environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        value = figure(measured, near(cores), environment)
        finish(helper)
        return value
    finally:
        helper.kill()


def idle(strategy, times):
    def measure():
        with buffers() as directory:
            return figure(aeron("idle", strategy, directory, *times), None, OPEN)

    return measure
