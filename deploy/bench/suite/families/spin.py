"""The time for which a reader spins before it sleeps: what it costs in processor time, and which signals it makes faster."""

from suite.machine import CROSS, FREE, Daemon, java, near, output
from suite.rounds import Row, Skipped, race, skipped

# in microseconds: what a client does by itself, and what that is compared with
USUAL = 20
PEERS = {"no spin": 0, "spin of 100 µs": 100}

# from one signal to the next, in microseconds: within both spins, within the longer one, and within none
PERIODS = {"10 µs": 10, "50 µs": 50, "1 ms": 1000}

FIGURES = {"wake-up": "ns", "processor time of the reader": "% of a processor"}


def rows(bench):
    try:
        near(CROSS)  # one processor for the reader, and one for the thread that signals
    except Skipped as reason:
        yield skipped("the spin of a reader", FREE, reason)
        return
    with Daemon(bench.fresh("spin")) as daemon:
        spins = (USUAL, *PEERS.values())
        figures = race(bench.rounds, {spin: lambda spin=spin: measured(bench, daemon, spin) for spin in spins})
    for number, period in enumerate(PERIODS):
        for column, (what, unit) in enumerate(FIGURES.items()):
            of = lambda spin: [each[number][column] for each in figures[spin]]
            for peer, spin in PEERS.items():
                yield Row(f"signals {period} apart: {what}", FREE, unit, of(USUAL), peer, of(spin))


def measured(bench, daemon, spin):
    """The figures of each period."""
    main = java("io.eventfdd.bench.Spin", spin, bench.warm_up, bench.seconds, *PERIODS.values())
    return [[float(word) for word in line.split()] for line in output(main, None, daemon.environment).splitlines()]
