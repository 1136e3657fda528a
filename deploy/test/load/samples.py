"""What the daemon takes, every few seconds, in a CSV file; and whether that is flat."""

import csv
from dataclasses import astuple, dataclass, fields
from statistics import median

# What is flat enough.
RESIDENT_TOLERANCE = 0.15  # of the median of the same age; collectors and compilers do not work by the clock
FDS_TOLERANCE = 8  # besides eventfds and connections, in medians: a client may come between two looks
THREADS_TOLERANCE = 4  # the JVM starts and ends compiler threads and carriers as it needs them
TABLE_LINE_BYTES = 256  # at most, of one line
TABLE_SPARE_LINES = 10_000  # of the past, besides one for each name, before the daemon writes the table anew
KEYS = 2_000  # at most: of calls under way, cut off in the last ten seconds, and left by the killed in five minutes

LIVES_TO_JUDGE = 8  # so that each quarter has two
AGE_TO_JUDGE = 300  # seconds, after which compilers are done and the heap has the size that it needs


@dataclass(frozen=True)
class Sample:
    seconds: float
    daemon: int
    age: float
    resident_kb: int
    fds: int
    threads: int
    table_bytes: int
    eventfds: int
    connections: int
    fd_connections: int
    waiters: int
    watchers: int
    keys: int
    put_backs: int
    longest_turn_ms: float
    names_made: int
    calls: int

    @property
    def own_fds(self):
        """Without those that belong to an eventfd or to a client."""
        return self.fds - self.eventfds - self.connections - self.fd_connections


def take(daemon, metrics, board):
    return Sample(
        seconds=round(board.seconds(), 1),
        daemon=daemon.takeovers,
        age=round(daemon.age, 1),
        resident_kb=daemon.resident_kb(),
        fds=daemon.fds(),
        threads=daemon.threads(),
        table_bytes=daemon.table_bytes(),
        eventfds=int(metrics["eventfdd_eventfds"]),
        connections=int(metrics["eventfdd_connections"]),
        fd_connections=int(metrics["eventfdd_fd_connections"]),
        waiters=int(metrics["eventfdd_waiters"]),
        watchers=int(metrics["eventfdd_watchers"]),
        keys=int(metrics["eventfdd_idempotency_keys"]),
        put_backs=int(metrics["eventfdd_put_backs_total"]),
        longest_turn_ms=round(metrics["eventfdd_loop_longest_turn_seconds"] * 1000, 1),
        names_made=board.total("made"),
        calls=board.calls(),
    )


class Samples:
    def __init__(self, path):
        self.all = []
        self.writer = csv.writer(open(path, "w", newline="", buffering=1))
        self.writer.writerow(field.name for field in fields(Sample))

    def add(self, sample):
        self.writer.writerow(astuple(sample))
        self.all.append(sample)

    def judged(self, interval):
        """A text for each thing that has to be flat, and whether it is."""
        yield self.resident_of_many(interval)
        yield self.resident_of_one()
        yield self.flat("open files besides eventfds and connections", lambda sample: sample.own_fds, FDS_TOLERANCE)
        yield self.flat("threads", lambda sample: sample.threads, THREADS_TOLERANCE)
        lines = 2 * max(sample.eventfds for sample in self.all) + TABLE_SPARE_LINES + KEYS
        yield self.bounded("bytes of the table", lambda sample: sample.table_bytes, lines * TABLE_LINE_BYTES)
        yield self.bounded("idempotency keys", lambda sample: sample.keys, KEYS)

    def resident_of_many(self, interval):
        """Each daemon in the second half of its life, as one number, and the lives of a quarter against one another."""
        aged = [(samples, median(s.resident_kb for s in samples)) for samples in self.lives(interval / 2, interval)]
        quarters = {1: [], 2: [], 3: [], 4: []}
        for samples, resident in aged:
            quarters[self.quarter_of(samples[len(samples) // 2])].append(resident)
        if len(aged) < LIVES_TO_JUDGE or not quarters[2] or not quarters[4]:
            return f"resident memory over take-overs is not judged: {len(aged)} daemons lived long enough", True
        return self.resident("resident memory of daemons of one age", median(quarters[2]), median(quarters[4]))

    def resident_of_one(self):
        longest = max(self.lives(0, float("inf")), key=lambda samples: samples[-1].age)
        age = longest[-1].age
        if age < AGE_TO_JUDGE:
            return f"resident memory within one life is not judged: the longest was {age:.0f} s of {AGE_TO_JUDGE}", True
        before = median(s.resident_kb for s in longest if age / 4 < s.age <= age / 2)
        after = median(s.resident_kb for s in longest if age * 3 / 4 < s.age)
        return self.resident(f"resident memory of one daemon in {age:.0f} s", before, after)

    @staticmethod
    def resident(what, before, after):
        text = f"{what}: {before / 1024:.1f} MB in the second quarter, {after / 1024:.1f} MB in the last one"
        return f"{text} (at most {RESIDENT_TOLERANCE:.0%} more)", after <= before * (1 + RESIDENT_TOLERANCE)

    def flat(self, what, of, tolerance):
        """Medians of the last quarter of the run against the second, which is after the warm-up."""
        before, after = (median([of(s) for s in self.all if self.quarter_of(s) == number] or [0]) for number in (2, 4))
        text = f"{what}: {before:.0f} in the second quarter, {after:.0f} in the last one (within {tolerance})"
        return text, abs(after - before) <= tolerance

    def bounded(self, what, of, bound):
        most = max(of(sample) for sample in self.all)
        return f"{what}: at most {most:,} (bound {bound:,})", most <= bound

    def lives(self, youngest, oldest):
        """The samples of each daemon between two ages."""
        lives = {}
        for sample in self.all:
            if youngest <= sample.age <= oldest:
                lives.setdefault(sample.daemon, []).append(sample)
        return list(lives.values())

    def quarter_of(self, sample):
        return min(4, int(sample.seconds / self.all[-1].seconds * 4) + 1)


def metrics_of(text):
    """The values of the metrics that have no labels."""
    lines = (line.split(" ") for line in text.splitlines() if line and not line.startswith("#") and "{" not in line)
    return {words[0]: float(words[1]) for words in lines}
