"""What the journals of the workers say."""

import json
import os
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Heritage:
    """Calls with a key whose answer a worker did not get, and the keys whose answer it got and did not say are done."""

    pending: list = field(default_factory=list)
    finished: list = field(default_factory=list)


class Ledger:
    """
    Sums what was added to each eventfd and taken from it. A line of a journal is one of

        wrote NAME VALUE               added, for sure
        took NAME VALUE                taken, for sure
        doubt NAME VALUE               taken, or back where it was taken from
        key KEY PATH BODY              is about to be called with that Idempotency-Key
        answered KEY STATUS BODY       its answer is there
        left KEY                       its answer is there since an earlier worker, and it is to be said that it is done
        done KEY                       it was said that it is done
        call KIND NUMBER               calls that are counted here only
        wrong ...                      must not happen
    """

    def __init__(self, initial):
        self.added, self.taken, self.doubted = Counter(initial), Counter(), Counter()
        self.doubts = 0
        self.calls = Counter()
        self.wrong = []

    def fold(self, path, counted=True):
        """Enters a journal and removes it; what is left to whoever goes on."""
        heritage, paths, finished = Heritage(), {}, {}
        if not os.path.exists(path):
            return heritage
        with open(path) as lines:
            for line in lines:
                word, _, rest = line.rstrip("\n").partition(" ")
                match word:
                    case "wrong":
                        self.wrong.append(rest)
                    case "call":
                        kind, _, number = rest.rpartition(" ")
                        self.calls[kind] += int(number)
                    case "key":
                        key, path_of_call, body = rest.split(" ", 2)
                        paths[key] = (key, path_of_call, json.loads(body))
                    case "answered":
                        key, status, body = rest.split(" ", 2)
                        self.answered(*paths.pop(key)[1:], int(status), json.loads(body))
                        finished[key] = True
                    case "left":
                        finished[rest] = True
                    case "done":
                        finished.pop(rest, None)
                    case "wrote" | "took" if counted:
                        name, value = rest.split(" ")
                        (self.added if word == "wrote" else self.taken)[name] += int(value)
                    case "doubt" if counted:
                        name, value = rest.split(" ")
                        self.doubted[name] += int(value)
                        self.doubts += 1
        os.unlink(path)
        heritage.pending = list(paths.values())
        heritage.finished = list(finished)
        return heritage

    def answered(self, path, body, status, answer):
        adds = path.endswith("/write")
        if status == 200:
            sums = self.added if adds else self.taken
            for one in answer.get("written" if adds else "ready", [answer]):
                sums[one["name"]] += one["value"]
        elif not (status == 204 and not adds) and not (
            status == 409 and adds and answer["type"].endswith(":would-block")
        ):
            self.wrong.append(f"POST {path} {body}: {status} {answer}")

    def most(self, name):
        """What is left in it at most: all that is in doubt went back."""
        return self.added[name] - self.taken[name]

    def least(self, name):
        """What is left in it at least: all that is in doubt was taken."""
        return self.most(name) - self.doubted[name]

    def allows(self, name, count):
        return self.least(name) <= count <= self.most(name)
