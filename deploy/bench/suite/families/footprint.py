"""What the daemon takes: to start, when idle, and under load."""

import shutil
import time

from suite import load
from suite.machine import FREE, LAUNCHER, Daemon, output
from suite.rounds import Row, at_most, race

MEGABYTE = 1 << 20


def rows(bench):
    directory = bench.fresh("footprint")
    plain, recorded = (installed(directory / name) for name in ("plain", "recorded"))
    output([recorded, "rehearse"])
    yield from start_up(bench, directory, plain, recorded)
    with Daemon(directory / "idle", launcher=recorded) as daemon:
        yield from idle(bench, daemon)
        yield from memory(bench, daemon, ", AOT cache", at_most(66), at_most(128))
    with Daemon(directory / "plain-idle", launcher=plain) as daemon:
        settle(bench)
        yield from memory(bench, daemon, "", at_most(68), at_most(110))


def installed(home):
    """The launcher of an installation of its own, which has no AOT cache yet."""
    shutil.copytree(LAUNCHER.parent.parent, home, ignore=shutil.ignore_patterns("*.aot"))
    return home / "bin" / LAUNCHER.name


def start_up(bench, directory, plain, recorded):
    def milliseconds(launcher):
        with Daemon(directory / "start", launcher=launcher) as daemon:
            return daemon.start_seconds * 1000

    ways = {"plain": lambda: milliseconds(plain), "AOT cache": lambda: milliseconds(recorded)}
    figures = race(bench.rounds, ways)
    yield Row("start to first answer", FREE, "ms", figures["plain"], target=at_most(1000))
    yield Row("start to first answer, AOT cache", FREE, "ms", figures["AOT cache"], target=at_most(350))


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


def memory(bench, daemon, how, when_idle, loaded):
    yield Row(f"RSS, idle{how}", FREE, "MB", [daemon.rss / MEGABYTE], target=when_idle)
    daemon.create("w")
    plan = load.plan([[load.write("w"), load.read("w")]] * 64)
    sizes = []
    for _ in range(bench.rounds):
        output(bench.c("load", "http", daemon.api, bench.seconds), stdin=plan)
        sizes.append(daemon.rss / MEGABYTE)
    yield Row(f"RSS, at 64 connections{how}", FREE, "MB", sizes[-1:], target=loaded)
