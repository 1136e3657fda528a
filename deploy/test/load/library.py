"""The Java program that uses the library, in one JVM after the other."""

import signal
import subprocess
import time

from crew import SECONDS_TO_LEAVE
from wire import Wrong

EVENTFDS = {"library-counter": {}, "library-semaphore": {"semaphore": True}}
DOOMED = "doomed-"


class Library:
    """
    Every second JVM is killed. What its calls did nobody can say, since the library keeps its keys to itself; so it has
    eventfds of its own that nobody counts.
    """

    def __init__(self, options, scratch, directory, seed, rate, ledger):
        self.command = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx64m"]
        self.command += ["-Djna.platform.library.path=/usr/lib"]
        self.command += ["-cp", f"{options.classes}:{options.libraries}/*", "LibraryLoad", directory]
        self.printed, self.errors = f"{scratch}/library", f"{options.results}/library.log"
        self.seed, self.rate, self.ledger = seed, rate, ledger
        self.lives, self.killed, self.process = 0, 0, None
        self.ends, self.leaving = 0, False

    @property
    def is_doomed(self):
        return self.lives % 2 == 0

    def tend(self, life):
        """Ends it when its seconds are over, and begins another one."""
        if not self.process:
            self.begin(life)
        elif self.process.poll() is not None:
            self.fold()
        elif time.monotonic() > self.ends:
            self.end()

    def begin(self, life):
        self.lives += 1
        self.leaving, self.ends = False, time.monotonic() + life
        arguments = [DOOMED if self.is_doomed else "library-", str(self.seed + self.lives), str(self.rate)]
        with open(self.printed, "wb") as out, open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(
                self.command + arguments, stdin=subprocess.PIPE, stdout=out, stderr=errors, process_group=0
            )

    def end(self):
        if self.leaving:
            raise Wrong("LibraryLoad does not come to its end: one of its calls does not return")
        self.leaving, self.ends = True, time.monotonic() + SECONDS_TO_LEAVE
        if self.is_doomed:
            self.process.kill()
            self.killed += 1
        elif self.process.poll() is None:
            self.process.stdin.write(b"\n")
            self.process.stdin.close()

    def fold(self):
        expected = -signal.SIGKILL if self.is_doomed else 0
        if not self.leaving or self.process.returncode != expected:
            self.ledger.wrong.append(f"LibraryLoad ended with status {self.process.returncode}, see {self.errors}")
        self.ledger.fold(self.printed, counted=not self.is_doomed)
        self.process = None

    def settle(self):
        if self.process:
            if not self.leaving:
                self.end()
            try:
                self.process.wait(SECONDS_TO_LEAVE)
            except subprocess.TimeoutExpired:
                raise Wrong("LibraryLoad does not come to its end: one of its calls does not return") from None
            self.fold()

    def clear_away(self):
        if self.process:
            self.process.kill()
            self.process.wait()
