"""The workers: each slot of the board has one after the other, and each ends by itself or is killed."""

import os
import signal
import time
from dataclasses import dataclass, field

from ledger import Heritage
from wire import Wrong, compact
from worker import Place

SECONDS_TO_LEAVE = 90  # any call waits for a minute at most
KILLED = 0.6  # of those whose life is over; the others are asked to leave


@dataclass
class Post:
    """A slot, and who is in it."""

    kind: type
    rate: float
    mean_life: float
    slot: object
    pid: int = 0
    ends: float = 0  # when the life of the worker is over
    leaving: bool = False
    heritage: Heritage = field(default_factory=Heritage)


class Crew:
    def __init__(self, board, ledger, scratch, directory, seed, rng):
        self.board, self.ledger, self.scratch, self.directory = board, ledger, scratch, directory
        self.seed, self.random = seed, rng
        self.posts, self.hired, self.killed = [], 0, 0

    def add(self, kind, rate, mean_life):
        self.posts.append(Post(kind, rate, mean_life, self.board.slot(len(self.posts))))

    def tend(self):
        """Ends those whose time has come, and begins others in their places."""
        for post in self.posts:
            if not post.pid:
                self.begin(post)
            elif self.has_ended(post):
                self.fold(post)
            elif time.monotonic() > post.ends:
                self.end(post)

    def begin(self, post):
        self.hired += 1
        post.slot.begin()
        post.leaving = False
        post.ends = time.monotonic() + (self.random.expovariate(1 / post.mean_life) if post.mean_life else 1e9)
        with open(self.journal(post), "w") as journal:
            for key, path, body in post.heritage.pending:
                journal.write(f"key {key} {path} {compact(body)}\n")
        post.pid = post.kind.fork(
            Place(
                board=self.board,
                slot=post.slot,
                number=self.hired,
                directory=self.directory,
                journal=self.journal(post),
                seed=self.seed,
                rate=post.rate,
                heritage=post.heritage,
            )
        )

    def end(self, post):
        if post.leaving:
            raise Wrong(f"a {post.kind.__name__} does not come to its end: one of its calls does not return")
        if self.random.random() < KILLED:
            self.kill(post)
        else:
            post.slot.ask_to_leave()
            post.leaving, post.ends = True, time.monotonic() + SECONDS_TO_LEAVE

    def kill(self, post):
        """In the middle of whatever it is doing; if that is a step, its turn comes again a moment later."""
        os.kill(post.pid, signal.SIGSTOP)
        _, status = os.waitpid(post.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            self.fold(post)
        elif post.slot.is_in_step:
            os.kill(post.pid, signal.SIGCONT)
        else:
            os.kill(post.pid, signal.SIGKILL)
            os.waitpid(post.pid, 0)
            self.killed += 1
            self.fold(post)

    def fold(self, post):
        post.pid = 0
        post.heritage = self.ledger.fold(self.journal(post))

    @staticmethod
    def has_ended(post):
        return os.waitpid(post.pid, os.WNOHANG)[0] != 0

    def journal(self, post):
        return f"{self.scratch}/journal-{post.slot.number}"

    # The end

    def settle(self):
        """All leave; then one more in each slot settles what is in doubt, and clears away what was left."""
        self.dismiss()
        for post in self.posts:
            self.begin(post)
        self.dismiss()

    def dismiss(self):
        for post in self.posts:
            post.slot.ask_to_leave()
        end = time.monotonic() + SECONDS_TO_LEAVE
        while working := [post for post in self.posts if post.pid]:
            for post in working:
                if self.has_ended(post):
                    self.fold(post)
            if time.monotonic() > end:
                raise Wrong(f"{len(working)} workers do not come to their end: their calls do not return")
            time.sleep(0.01)

    def clear_away(self):
        for post in self.posts:
            if post.pid:
                os.kill(post.pid, signal.SIGKILL)
                os.waitpid(post.pid, 0)
