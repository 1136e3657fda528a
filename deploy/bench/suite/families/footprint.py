"""What the daemon takes: to start, when idle, and under load."""

import shutil
import time
from contextlib import ExitStack, contextmanager

from suite import load
from suite.bench import of_each_build
from suite.machine import FREE, LAUNCHER, Daemon, of_another_build, output, running
from suite.rounds import Row, at_most, race

MEGABYTE = 1 << 20


def rows(bench):
    directory = bench.fresh("footprint")
    builds = running(LAUNCHER, of_another_build(bench, lambda launcher: launcher))
    plain, recorded = (installed(builds, directory / name) for name in ("plain", "recorded"))
    for launcher in recorded:
        output([launcher, "rehearse"])
    yield from start_up(bench, directory, plain, "", at_most(1000))
    yield from start_up(bench, directory, recorded, ", AOT cache", at_most(350))
    with started(directory / "idle", recorded) as daemons:
        yield from idle(bench, daemons[0])
        yield from memory(bench, daemons, ", AOT cache", at_most(66), at_most(128))
    with started(directory / "plain-idle", plain) as daemons:
        settle(bench)
        yield from memory(bench, daemons, "", at_most(68), at_most(110))


def installed(builds, directory):
    """The launchers of installations of their own, one of each build, which have no AOT cache yet."""
    homes = [directory / str(number) for number in range(len(builds))]
    for launcher, home in zip(builds, homes):
        shutil.copytree(launcher.parent.parent, home, ignore=shutil.ignore_patterns("*.aot"))
    return [home / "bin" / LAUNCHER.name for home in homes]


def start_up(bench, directory, launchers, how, target):
    def milliseconds(launcher):
        with Daemon(directory / "start", launcher=launcher) as daemon:
            return daemon.start_seconds * 1000

    figures = race(bench.rounds, {launcher: lambda launcher=launcher: milliseconds(launcher) for launcher in launchers})
    yield from of_each_build(f"start to first answer{how}", FREE, "ms", figures.values(), target=target)


@contextmanager
def started(directory, launchers):
    """A daemon of each build."""
    directory.mkdir()
    with ExitStack() as servers:
        yield [servers.enter_context(Daemon(directory / str(n), launcher=one)) for n, one in enumerate(launchers)]


def idle(bench, daemon):
    """Counts over some seconds in which nobody calls."""
    seconds = 1 if bench.smoke else 10
    settle(bench)
    before = {task: (run_nanos(task), switches(task)) for task in daemon.tasks()}
    start = time.perf_counter()
    time.sleep(seconds)
    spent = time.perf_counter() - start
    nanos, wake_ups = 0, 0
    for task, (run, switched) in before.items():
        if task.exists():
            nanos += run_nanos(task) - run
            if (task / "comm").read_text().strip() == "eventfdd-loop":
                wake_ups += switches(task) - switched
    yield Row("idle: wake-ups of the loop", FREE, "/s", [wake_ups / spent], target=at_most(0))
    yield Row("idle: processor time", FREE, "%", [nanos / spent / 1e7], target=at_most(0.1))


def run_nanos(task):
    return int((task / "schedstat").read_text().split()[0])


def switches(task):
    return int((task / "status").read_text().split("voluntary_ctxt_switches:")[1].split()[0])


def settle(bench):
    """Gives a daemon the time in which it returns what its start has taken, which it does every five seconds."""
    time.sleep(1 if bench.smoke else 12)


def memory(bench, daemons, how, when_idle, loaded):
    sizes = [[daemon.rss / MEGABYTE] for daemon in daemons]
    yield from of_each_build(f"RSS, idle{how}", FREE, "MB", sizes, target=when_idle)
    sizes = [[under_load(bench, daemon)] for daemon in daemons]
    yield from of_each_build(f"RSS, at 64 connections{how}", FREE, "MB", sizes, target=loaded)


def under_load(bench, daemon):
    daemon.create("w")
    plan = load.plan([[load.write("w"), load.read("w")]] * 64)
    for _ in range(bench.rounds):
        output(bench.c("load", "http", daemon.api, bench.seconds), stdin=plan)
    return daemon.rss / MEGABYTE
