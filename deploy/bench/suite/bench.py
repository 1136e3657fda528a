"""What all families of rows are given: how long, how often, and where."""

from dataclasses import dataclass
from pathlib import Path

from suite.rounds import Row, Skipped, race, skipped

ANOTHER_BUILD = "another build"

# what a program takes for the mean of its times; and percentiles beside it
MEAN = 0
PERCENTILES = (99, 99.9)


@dataclass(frozen=True)
class Bench:
    programs: Path  # the C programs
    directory: Path  # for sockets and files
    rounds: int
    seconds: float  # one measurement
    warm_up: float  # of a JVM of its own
    crowd: int  # waits outstanding
    smoke: bool
    cores: tuple  # where two processes are measured
    against: Path | None = None  # the distribution of another build
    only: str = ""  # comparisons whose names have it

    def c(self, program, *arguments):
        """The command of a C program."""
        return [self.programs / program, *map(str, arguments)]

    def fresh(self, name):
        """A new directory, whose path a Unix socket can bear."""
        directory = self.directory / name
        directory.mkdir()
        return directory

    def compare(self, what, cores, unit, ours, peers, targets=None, another=None, **how):
        """A row for each peer: a function that measures it, or why it cannot be measured. `another` measures the other build."""
        if self.only not in what:
            return
        if self.against and another:
            peers = peers | {ANOTHER_BUILD: another}
        there = {peer: measure for peer, measure in peers.items() if not isinstance(measure, Skipped)}
        figures = race(self.rounds, {"eventfdd": ours, **there})
        for peer, measure in peers.items():
            if peer in there:
                target = (targets or {}).get(peer)
                yield Row(what, cores, unit, figures["eventfdd"], peer, figures[peer], target, **how)
            else:
                yield skipped(f"{what} against {peer}", cores, measure)


def named(what, percent):
    """The name of a row: the percentile belongs to it if it is not the usual figure."""
    return f"{what}: {percent} %" if percent > 50 else what


def of_each_build(what, cores, unit, figures, peer="", theirs=(), target=None):
    """A row of the first of the `figures`, which are ours, and one more against those of the other build, if they are there."""
    ours, *others = figures
    yield Row(what, cores, unit, ours, peer, theirs, target)
    for other in others:
        yield Row(what, cores, unit, ours, ANOTHER_BUILD, other)
