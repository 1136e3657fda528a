"""What the supervisor and its workers know of one another: words in shared memory, each with one writer."""

import contextlib
import mmap
import time

KINDS = (
    "create", "state", "list", "delete", "write", "write many", "read", "read max", "wait", "wait any", "wait all",
    "consume any", "consume all", "watch", "corner", "open", "donate", "raw write", "raw read",
    "keyed", "repeated", "turned away", "made", "deleted",
)  # fmt: skip
# These count something about calls that are counted as another kind already.
NO_CALLS = ("keyed", "repeated", "turned away", "made", "deleted")
KIND = {kind: i for i, kind in enumerate(KINDS)}

LIFE, QUIET_PING, TAKEOVER_PING, FIRST_SLOT = range(4)
STEP, LEAVE, FIRST_COUNTER = range(3)
SLOT_WORDS = FIRST_COUNTER + len(KINDS)


class Board:
    """
    The life is odd while one daemon takes over from another and even between, so that a worker can tell whether a
    connection may break. A slot belongs to one worker at a time; its counters go on from one worker to the next.
    """

    def __init__(self, slots):
        self.slots = slots
        self.words = memoryview(mmap.mmap(-1, 8 * (FIRST_SLOT + slots * SLOT_WORDS))).cast("Q")
        self.began = 0

    def begin(self):
        """The load begins now."""
        self.began = time.monotonic()

    @property
    def life(self):
        return self.words[LIFE]

    def next_life(self):
        self.words[LIFE] += 1

    def may_break(self, life):
        """Whether a connection that was made in that life may break now."""
        return self.life != life or self.life % 2 == 1

    def seconds(self):
        """Since the load began."""
        return time.monotonic() - self.began

    def ping(self, nanos, across_takeover):
        word = TAKEOVER_PING if across_takeover else QUIET_PING
        self.words[word] = max(self.words[word], nanos)

    def worst_pings(self):
        """In milliseconds: beside the load alone, and over a take-over."""
        return self.words[QUIET_PING] / 1e6, self.words[TAKEOVER_PING] / 1e6

    def total(self, kind):
        return sum(self.words[_place(slot) + FIRST_COUNTER + KIND[kind]] for slot in range(self.slots))

    def by_kind(self):
        return {kind: self.total(kind) for kind in KINDS if kind not in NO_CALLS}

    def calls(self):
        return sum(self.by_kind().values())

    def slot(self, number):
        return Slot(self, number)


class Slot:
    """A worker's words."""

    def __init__(self, board, number):
        self.board, self.number, self.place = board, number, _place(number)

    def count(self, kind, times=1):
        self.board.words[self.place + FIRST_COUNTER + KIND[kind]] += times

    def total(self, kind):
        return self.board.words[self.place + FIRST_COUNTER + KIND[kind]]

    def calls(self):
        return sum(self.total(kind) for kind in KINDS if kind not in NO_CALLS)

    @property
    def is_leaving(self):
        """Whether the worker is asked to end by itself."""
        return self.board.words[self.place + LEAVE] == 1

    @property
    def is_in_step(self):
        return self.board.words[self.place + STEP] == 1

    def ask_to_leave(self):
        self.board.words[self.place + LEAVE] = 1

    def begin(self):
        self.board.words[self.place + STEP] = self.board.words[self.place + LEAVE] = 0

    @contextlib.contextmanager
    def step(self):
        """The supervisor does not kill the worker in here: what it does and its line in the journal are one step."""
        self.board.words[self.place + STEP] = 1
        try:
            yield
        finally:
            self.board.words[self.place + STEP] = 0


def _place(slot):
    return FIRST_SLOT + slot * SLOT_WORDS
