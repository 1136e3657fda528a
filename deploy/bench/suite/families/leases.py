"""Leases: to take and release one, how soon a permit comes back from the dead, and what very many cost that nobody touches."""

import json
import socket
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from suite import load
from suite.families import footprint, many
from suite.machine import FREE, SAME, Daemon, far, figure, near, output
from suite.rounds import Row, Skipped, at_least, at_most, skipped

# in memory, as /run is, so that no line of the table waits for a disk
MEMORY = "/dev/shm"
LAPSES = 1000


def rows(bench):
    for cores in bench.cores:
        if cores == FREE:
            continue  # one request at a time, as in the family of opening
        try:
            yield from take_and_release(bench, cores)
        except Skipped as reason:
            yield skipped("take and release a lease", cores, reason)
    yield from lapses(bench)
    yield from idle_leases(bench)


@contextmanager
def daemon_in_memory(cpus=None):
    with tempfile.TemporaryDirectory(prefix="efd-", dir=MEMORY) as directory:
        with Daemon(Path(directory) / "d", cpus) as daemon:
            yield daemon


def take_and_release(bench, cores):
    with daemon_in_memory(far(cores)) as daemon:
        daemon.create("permits", semaphore=True, initial=1)
        lease = lambda seconds: figure(bench.c("lease", daemon.fd, "permits", seconds), near(cores))
        opening = lambda seconds: figure(bench.c("open", "kept", daemon.fd, 1, seconds), near(cores))
        daemon.warm_up(lambda: (lease(bench.warm_up), opening(bench.warm_up)))
        yield from bench.compare(
            "take and release a lease, kept connection",
            cores,
            "/s",
            lambda: 1e9 / lease(bench.seconds),
            {"open by name": lambda: 1e9 / opening(bench.seconds)},
            {"open by name": at_least(0.5)},
            more_is_better=True,
        )


def lapses(bench):
    with daemon_in_memory() as daemon:
        daemon.create("permits", semaphore=True, initial=1)
        times = lambda count: output(bench.c("lapse", daemon.fd, "permits", count)).split()
        times(LAPSES // 10)
        count = LAPSES // 50 if bench.smoke else LAPSES
        typical, worst = (float(nanos) / 1e6 for nanos in times(count))
    yield Row("SIGKILL of a holder until the next has its permit", FREE, "ms", [typical], target=at_most(10))
    yield Row(f"the same, worst of {count:,}", FREE, "ms", [worst], target=at_most(50))


def idle_leases(bench):
    count = bench.crowd
    # on one core, where a round trip takes the same time each time
    cpus = near(SAME)
    with Daemon(bench.fresh("none") / "d", cpus) as none, Daemon(bench.fresh("leases") / "d", cpus) as daemon:
        daemon.create("permits", semaphore=True, initial=count)
        for one in (none, daemon):
            load.warm_up(bench, one)
        heap = daemon.heap()
        with taken(daemon, count):
            heap = (daemon.heap() - heap) / count
            yield Row(f"heap of {count:,} leases, for each", SAME, "bytes", [heap], target=at_most(1024))
            yield Row(f"idle beside {count:,} leases: wake-ups of the loop", SAME, "/s", [wake_ups(bench, daemon)], target=at_most(0))
            for one in (none, daemon):
                # the leases had the compiler at work again
                one.warm_up(lambda: many.latency(bench, one, cpus))
            yield from bench.compare(
                f"HTTP ping-pong beside {count:,} leases",
                SAME,
                "ns",
                lambda: many.latency(bench, daemon, cpus),
                {"without leases": lambda: many.latency(bench, none, cpus)},
                {"without leases": at_most(1.1)},
            )


@contextmanager
def taken(daemon, count):
    """So many leases, half of them for this process and half for an hour."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.connect(str(daemon.fd))
        for number in range(count):
            request = {"op": "lease", "take": [{"name": "permits"}], "holder": ("process", "1h")[number % 2]}
            connection.send(json.dumps(request).encode())
            reply = json.loads(connection.recv(65536))
            if "holder" not in reply:
                raise RuntimeError(f"no lease: {reply}")
        yield


def wake_ups(bench, daemon):
    """How often the loop woke up in a second of some in which nobody called."""
    time.sleep(1 if bench.smoke else 5)
    loop = next(task for task in daemon.tasks() if (task / "comm").read_text().strip() == "eventfdd-loop")
    before, start = footprint.switches(loop), time.perf_counter()
    time.sleep(1 if bench.smoke else 10)
    return (footprint.switches(loop) - before) / (time.perf_counter() - start)
