#!/usr/bin/env python3
"""
Runs the packaged daemon under all calls at once, and checks that it loses nothing and stays as small as it was.

    soak.py MINUTES --launcher FILE --libraries DIRECTORY --classes DIRECTORY --results DIRECTORY

The environment may have SOAK_SEED, SOAK_RATE (calls a second; a fifth of them make a name) and SOAK_TAKEOVER (seconds).
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True

import library
import verdict
from board import Board
from counts import COUNTED, CountWorker
from crew import Crew
from daemon import Daemon
from ledger import Ledger
from library import Library
from names import NameWorker
from samples import Samples, metrics_of, take
from wire import Http, Wrong
from worker import Pinger

EVENTFDS = COUNTED | library.EVENTFDS
# Workers of each kind, their part of the rate (in names, or in calls), and the mean of their lives in seconds.
STAFF = [(NameWorker, 3, 0.2, 20), (CountWorker, 6, 0.3, 6), (Pinger, 1, 0, None)]
LIBRARY_PART = 0.1
LIBRARY_LIFE = 45
MOST_TO_PRINT = 20
MOST_WRONG = 1000  # after which there is nothing more to learn


class Soak:
    def __init__(self, options, scratch):
        self.options, self.results = options, options.results
        self.seed = int(os.environ.get("SOAK_SEED") or random.randrange(1_000_000))
        self.rate = float(os.environ.get("SOAK_RATE") or 1400)
        self.seconds = options.minutes * 60
        self.interval = float(os.environ.get("SOAK_TAKEOVER") or min(60, self.seconds / 6))
        self.ledger = Ledger({name: spec.get("initial", 0) for name, spec in EVENTFDS.items()})
        self.told = 0  # of what is wrong
        self.samples = Samples(f"{self.results}/samples.csv")
        self.board = Board(sum(count for _, count, *_ in STAFF))
        self.daemon = Daemon(options.launcher, scratch)
        directory = self.daemon.directory
        self.crew = Crew(self.board, self.ledger, scratch, directory, self.seed, random.Random(self.seed))
        self.library = Library(options, scratch, directory, self.seed, self.rate * LIBRARY_PART, self.ledger)

    def run(self):
        """Whether all that was promised held."""
        say(
            f"seed {self.seed}: {self.options.minutes:g} minutes at {self.rate:g} calls/s, {self.rate / 5:g} of them"
            f" make a name ({self.rate / 5 * 3600:,.0f} in an hour), a take-over every {self.interval:g} s"
        )
        say(f"samples and logs in {self.results}")
        report = verdict.Report()
        try:
            self.daemon.start()
            self.begin()
            self.load()
            self.wind_down()
            self.summary()
            verdict.judge(self, report)
        except Wrong as e:
            self.tell_wrong()
            report.line(str(e), False)
        finally:
            self.crew.clear_away()
            self.library.clear_away()
            self.daemon.clear_away()
            shutil.copy(self.daemon.log, self.results)
        return report.failed == 0

    # The run

    def begin(self):
        for name, spec in EVENTFDS.items():
            status, state = self.ask("PUT", f"/v1/eventfds/{name}", spec)
            if status != 201:
                raise Wrong(f"PUT of {name}: {status} {state}")
        self.heap_at_rest = self.daemon.live_heap_kb()
        self.at_rest = self.sample()
        for kind, count, part, life in STAFF:
            for _ in range(count):
                self.crew.add(kind, self.rate * part / count, life)
        self.board.begin()

    def load(self):
        next_sample, next_word, next_takeover = 0, 60, self.interval
        while (now := self.board.seconds()) < self.seconds and self.told < MOST_WRONG:
            self.follow_takeover()
            # not so late that the last daemon has no time to show what it takes
            if now >= next_takeover and not self.daemon.is_taken_over and now + self.interval / 2 < self.seconds:
                self.board.next_life()
                self.daemon.begin_takeover()
                next_takeover += self.interval
            self.crew.tend()
            self.library.tend(min(LIBRARY_LIFE, self.seconds / 4))
            self.tell_wrong()
            if now >= next_sample and not self.daemon.is_taken_over:
                self.samples.add(self.sample())
                next_sample = now + min(5, self.seconds / 60)
            if now >= next_word:
                self.say_how_it_goes()
                next_word += 60
            time.sleep(0.01)
        self.elapsed = self.board.seconds()

    def follow_takeover(self):
        """From the first moment of a take-over to the last, the board says that connections may break."""
        self.daemon.go_on()
        if self.board.life % 2 == 1 and not self.daemon.is_taken_over:
            self.board.next_life()

    def wind_down(self):
        while self.daemon.is_taken_over:
            self.follow_takeover()
            time.sleep(0.01)
        self.crew.settle()
        self.library.settle()
        for one in self.ask("GET", f"/v1/eventfds?prefix={library.DOOMED}")[1]["eventfds"]:
            self.ask("DELETE", f"/v1/eventfds/{one['name']}")
        self.tell_wrong()

    # What there is

    def ask(self, method, path, body=None, **headers):
        connection = Http(self.board, self.daemon.directory)
        try:
            return connection.call(method, path, body, **headers)
        finally:
            connection.close()

    def sample(self):
        return take(self.daemon, metrics_of(self.ask("GET", "/metrics")[1]), self.board)

    # What is said

    def say_how_it_goes(self):
        last, (quiet, takeover) = self.samples.all[-1], self.board.worst_pings()
        say(
            f"{self.board.seconds() / 60:.0f} min: {self.board.calls():,} calls, {last.names_made:,} names,"
            f" {self.crew.killed + self.library.killed} killed, {self.daemon.takeovers} take-overs;"
            f" {last.resident_kb / 1024:.0f} MB at {last.age:.0f} s, {last.fds} open files, {last.eventfds} of them"
            f" eventfds, {last.threads} threads, {last.keys} keys, table {last.table_bytes:,} bytes;"
            f" worst ping {quiet:.0f} ms, over a take-over {takeover:.0f} ms"
        )

    def tell_wrong(self):
        """What is wrong is printed as it comes, at first; all of it is in a file."""
        if self.told == len(self.ledger.wrong):
            return
        with open(f"{self.results}/wrong", "a") as file:
            for number, wrong in enumerate(self.ledger.wrong[self.told :], self.told):
                file.write(f"{wrong}\n")
                if number < MOST_TO_PRINT:
                    say(f"wrong: {wrong}")
        self.told = len(self.ledger.wrong)

    def summary(self):
        calls = self.board.by_kind() | dict(self.ledger.calls)
        total, (quiet, takeover) = sum(calls.values()), self.board.worst_pings()
        say(
            f"{total:,} calls, {total / self.elapsed:,.0f} a second: "
            + ", ".join(f"{k} {n:,}" for k, n in calls.items())
        )
        keyed, repeated, away = (self.board.total(kind) for kind in ("keyed", "repeated", "turned away"))
        say(f"of these {keyed:,} with a key; {repeated:,} repeated; {away:,} answers that were not waited for")
        say(
            f"{self.crew.hired} workers, {self.crew.killed} of them killed; {self.library.lives} JVMs,"
            f" {self.library.killed} of them killed; {self.daemon.takeovers} take-overs"
        )
        turn = max(sample.longest_turn_ms for sample in self.samples.all)
        say(f"worst GET /v1 {quiet:.0f} ms, over a take-over {takeover:.0f} ms; longest turn of the loop {turn:.0f} ms")


def say(text):
    print(f"      | {text}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("minutes", type=float)
    for name in ("launcher", "libraries", "classes", "results"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # short, since a Unix socket's path has room for 107 bytes
    with tempfile.TemporaryDirectory(prefix="efd-", dir="/tmp") as scratch:
        sys.exit(0 if Soak(options, scratch).run() else 1)


if __name__ == "__main__":
    main()
