"""Signals between two processes, and a wait for none, against Aeron's messages in shared memory."""

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from suite.bench import MEAN, PERCENTILES, named
from suite.families.signals import pair_of_jvms, two_jvms
from suite.machine import CROSS, FREE, SAME, Daemon, figure, java, pinned

# Aeron writes to its buffers by means that Java closes by default.
OPEN = {"JDK_JAVA_OPTIONS": "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED"}
STRATEGIES = {"yields": "yield", "spins": "spin", "backs off": "backoff", "sleeps": "sleep"}

PLATFORM_THREADS = (("pong", "platform"), ("ping", "platform"))

# On one core, a process that spins keeps the other one from running until its time slice is over.
RACES = {SAME: ("yields",), CROSS: ("yields", "spins")}


def rows(bench):
    with Daemon(bench.fresh("aeron")) as daemon:
        yield from pinned(bench, "messages of Aeron", lambda cores: of_cores(bench, daemon, cores))
        times = (bench.warm_up, 5 * bench.seconds)
        yield from bench.compare(
            "idle, one thread waits",
            FREE,
            "% of a processor",
            lambda: figure(java("io.eventfdd.bench.Idle", *times), None, daemon.environment),
            {f"Aeron IPC, {name}": idle(strategy, times) for name, strategy in STRATEGIES.items()},
        )


def of_cores(bench, daemon, cores):
    for percent in (MEAN, *PERCENTILES):
        times = (bench.warm_up, bench.seconds, percent)
        yield from bench.compare(
            named("ping-pong, platform threads", percent),
            cores,
            "ns",
            lambda: pair_of_jvms(daemon, cores, "PingPong", *PLATFORM_THREADS, *times),
            peers(cores, "pong", "ping", *times),
        )
    yield from bench.compare(
        "one producer, one consumer",
        cores,
        "signals/s",
        lambda: pair_of_jvms(daemon, cores, "Flow", ("producer",), ("consumer",), 2 * bench.seconds),
        peers(cores, "producer", "consumer", bench.warm_up, bench.seconds),
        more_is_better=True,
    )


def peers(cores, other, measured, *times):
    return {
        f"Aeron IPC, {name}": lambda strategy=STRATEGIES[name]: pair(cores, strategy, other, measured, *times)
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


def pair(cores, strategy, other, measured, *times):
    with buffers() as directory:
        return two_jvms(*(aeron(role, strategy, directory, *times) for role in (other, measured)), cores, OPEN)


def idle(strategy, times):
    def measure():
        with buffers() as directory:
            return figure(aeron("idle", strategy, directory, *times), None, OPEN)

    return measure
