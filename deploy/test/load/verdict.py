"""What is checked after the load: a line for each promise, ok or FAIL."""

import time

import samples
from board import KINDS
from wire import FdSocket

MOST_DOUBTS = 1 / 10_000  # of all calls; what is in doubt is not checked
LEAST_NAMES = 0.9  # of those that the rate promises: else the machine was too busy to say anything
HEAP_TOLERANCE_KB = 4096  # live after a full collection; code that has run keeps some
SECONDS_TO_SETTLE = 30


class Report:
    def __init__(self):
        self.failed = 0

    def line(self, text, holds):
        print(f"{'ok   ' if holds else 'FAIL '} {text}", flush=True)
        self.failed += not holds


def judge(soak, report):
    report.line(f"{len(soak.ledger.wrong)} answers were wrong", not soak.ledger.wrong)
    found = counts(soak, report)
    load(soak, report)
    for text, flat in soak.samples.judged(soak.interval):
        report.line(text, flat)
    rest(soak, report)
    heap(soak, report)
    end(soak, report, found)


def counts(soak, report):
    """
    The counts that were found. What nobody took may be on its way back for a moment, and has to find room in the one
    that is full.
    """
    ledger, names = soak.ledger, list(soak.ledger.added)

    def left():
        make_room(soak)
        return {name: soak.ask("GET", f"/v1/eventfds/{name}")[1]["count"] for name in names}

    found = settled(left, lambda found: all(ledger.allows(name, found[name]) for name in names))
    for name in names:
        if not ledger.allows(name, found[name]):
            sums = f"{ledger.added[name]} were added and {ledger.taken[name]} taken, which leaves {ledger.most(name)}"
            doubted = f" or, since {ledger.doubted[name]} are in doubt, {ledger.least(name)} at least"
            sums += doubted if ledger.doubted[name] else ""
            report.line(f"{name}: {sums}, but its count is {found[name]}", False)
    if all(ledger.allows(name, found[name]) for name in names):
        report.line(f"counts are conserved: what was added less what was taken is left in each of {len(names)}", True)
    most = int(soak.board.calls() * MOST_DOUBTS)
    report.line(
        f"{ledger.doubts} answers without a key are in doubt, since a daemon ended behind them (at most {most}, 1 in"
        f" {1 / MOST_DOUBTS:,.0f} calls)",
        ledger.doubts <= most,
    )
    return found


def make_room(soak):
    status, answer = soak.ask("POST", "/v1/eventfds/full/read", {})
    if status == 200:
        soak.ledger.taken["full"] += answer["value"]


def load(soak, report):
    made, deleted = soak.board.total("made"), soak.board.total("deleted")
    promised = int(soak.rate / 5 * soak.seconds * LEAST_NAMES)
    report.line(
        f"{made:,} names were made and {deleted:,} deleted (at least {promised:,})", min(made, deleted) >= promised
    )
    missing = [kind for kind in KINDS if not soak.board.total(kind)]
    report.line("calls of every kind were made" + (f", but no {', '.join(missing)}" if missing else ""), not missing)


def rest(soak, report):
    """After the load the daemon has what the first one had before it."""
    before = soak.at_rest

    def is_at_rest(now):
        return (
            abs(now.own_fds - before.own_fds) <= samples.FDS_TOLERANCE
            and now.eventfds == before.eventfds
            and now.waiters == now.watchers == now.fd_connections == 0
            and now.connections <= 1
        )

    now = settled(soak.sample, is_at_rest)
    report.line(
        f"at rest: {now.own_fds} open files of its own, {before.own_fds} at the start (within {samples.FDS_TOLERANCE});"
        f" {now.eventfds} eventfds, {before.eventfds} at the start; {now.waiters} waiters, {now.watchers} watchers,"
        f" {now.connections} connection, {now.fd_connections} to fd.sock",
        is_at_rest(now),
    )


def heap(soak, report):
    """What it keeps once the names and clients are gone: a leak shows here, however short its life was."""
    before = soak.heap_at_rest
    if before is None:
        report.line("the live heap is not judged: the daemon's Java has no jcmd", True)
        return
    now = settled(soak.daemon.live_heap_kb, lambda now: now <= before + HEAP_TOLERANCE_KB)
    report.line(
        f"live heap at rest: {now / 1024:.1f} MB, {before / 1024:.1f} MB at the start (at most"
        f" {HEAP_TOLERANCE_KB / 1024:.0f} MB more)",
        now <= before + HEAP_TOLERANCE_KB,
    )


def end(soak, report, found):
    """Its end takes nothing along: whoever holds an eventfd has the whole count."""
    names = list(soak.ledger.added)
    connection = FdSocket(soak.board, soak.daemon.directory)
    _, fds = connection.ask({"op": "open", "eventfds": [{"name": name} for name in names]})
    connection.close()
    status = soak.daemon.stop()
    report.line(f"it ends with status {status} upon SIGTERM", status == 0)
    left = {name: count_of(fd) for name, fd in zip(names, fds)}
    report.line("its holders find the same counts after its end", left == found)
    complaints = soak.daemon.complaints()
    for line in complaints[:20]:
        print(f"      | {line}")
    report.line(f"it logged {len(complaints)} complaints", not complaints)


def count_of(fd):
    with open(f"/proc/self/fdinfo/{fd}") as lines:
        return next(int(line.split()[1], 16) for line in lines if line.startswith("eventfd-count:"))


def settled(look, condition):
    """The first look at which the condition holds, or the last one in that time."""
    end = time.monotonic() + SECONDS_TO_SETTLE
    while not condition(seen := look()) and time.monotonic() < end:
        time.sleep(0.1)
    return seen
