"""Rounds, medians, ratios: who is compared runs in turn, round after round, and is compared within each round."""

from dataclasses import dataclass
from math import isfinite
from statistics import median


class Skipped(Exception):
    """What cannot be measured here, and why."""


def race(rounds, contestants):
    """Runs each of the contestants once in every round, each time another first: the figures of each, by name."""
    names = list(contestants)
    figures = {name: [] for name in names}
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            figures[name].append(contestants[name]())
    return figures


@dataclass(frozen=True)
class Target:
    """A bound of the ratio to the peer, or of the figure itself where there is none."""

    bound: float
    at_most: bool = True

    def holds(self, value):
        return value <= self.bound if self.at_most else value >= self.bound

    def __str__(self):
        return f"{'≤' if self.at_most else '≥'} {self.bound:g}"


def at_most(bound):
    return Target(bound, at_most=True)


def at_least(bound):
    return Target(bound, at_most=False)


@dataclass(frozen=True)
class Row:
    """One line of the table: our figures, those of a peer in the same rounds, and what is aimed at."""

    what: str
    cores: str
    unit: str
    ours: list
    peer: str = ""
    theirs: list = ()
    target: Target = None
    more_is_better: bool = False
    skipped: str = ""

    def __post_init__(self):
        if self.skipped:
            return
        figures = [*self.ours, *self.theirs]
        if not self.ours or len(self.theirs) not in (0, len(self.ours)) or not all(map(isfinite, figures)):
            raise ValueError(f"not a row: {self}")
        if any(figure <= 0 for figure in self.theirs):
            raise ValueError(f"nothing to compare with: {self}")

    @property
    def ratios(self):
        return [ours / theirs for ours, theirs in zip(self.ours, self.theirs)]

    @property
    def value(self):
        """What the target is about."""
        return median(self.ratios or self.ours)

    @property
    def holds(self):
        return None if self.target is None else self.target.holds(self.value)

    @property
    def peer_wins(self):
        return bool(self.theirs) and (self.value < 1 if self.more_is_better else self.value > 1)


def skipped(what, cores, reason):
    return Row(what, cores, "", [], skipped=str(reason))
