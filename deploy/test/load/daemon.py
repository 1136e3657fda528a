"""The packaged daemon, as one process after the other."""

import os
import re
import signal
import subprocess
import time

from wire import Wrong

SECONDS_TO_SERVE, SECONDS_TO_END = 60, 15


class Daemon:
    def __init__(self, launcher, scratch):
        self.launcher, self.directory, self.log = launcher, f"{scratch}/r", f"{scratch}/daemon.log"
        self.printed = f"{scratch}/daemon.out"
        self.takeovers = 0
        self.process, self.successor, self.predecessor = None, None, None
        self.began, self.deadline = 0, 0

    def start(self):
        self.process = self.launch()
        while not self.is_serving():
            time.sleep(0.02)
        self.began = time.monotonic()

    def launch(self, *options):
        self.deadline = time.monotonic() + SECONDS_TO_SERVE
        with open(self.printed, "wb") as out, open(self.log, "ab") as log:
            command = [self.launcher, "serve", "--runtime-dir", self.directory, *options]
            # in a group of its own, so that a Ctrl-C ends the soak in its order
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=log, process_group=0)

    def is_serving(self):
        """Whether the process that was launched last has printed how to use it."""
        launched = self.successor or self.process
        with open(self.printed) as out:
            if "curl" in out.read():
                return True
        if launched.poll() is not None:
            raise Wrong(f"the daemon did not start: status {launched.returncode}, see {self.log}")
        if time.monotonic() > self.deadline:
            raise Wrong(f"the daemon does not serve after {SECONDS_TO_SERVE} s, see {self.log}")
        return False

    @property
    def age(self):
        return time.monotonic() - self.began

    @property
    def is_taken_over(self):
        """Whether a take-over is under way."""
        return self.successor is not None or self.predecessor is not None

    def begin_takeover(self):
        self.successor = self.launch("--takeover")

    def go_on(self):
        """To be called again and again: follows a take-over, and notices a daemon that ends by itself."""
        if self.successor and self.is_serving():
            self.predecessor, self.process, self.successor = self.process, self.successor, None
            self.began = time.monotonic()
            self.deadline = time.monotonic() + SECONDS_TO_END
            self.takeovers += 1
        if self.predecessor:
            status = self.predecessor.poll()
            if status is None and time.monotonic() > self.deadline:
                raise Wrong(f"the daemon that was taken over goes on after {SECONDS_TO_END} s")
            if status not in (None, 0):
                raise Wrong(f"the daemon that was taken over ended with status {status}")
            if status == 0:
                self.predecessor = None
        if not self.successor and self.process.poll() is not None:
            raise Wrong(f"the daemon ended by itself with status {self.process.returncode}, see {self.log}")

    def stop(self):
        """Its exit status after a SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            raise Wrong(f"the daemon goes on {SECONDS_TO_END} s after a SIGTERM") from None

    def clear_away(self):
        for process in (self.process, self.successor, self.predecessor):
            if process and process.poll() is None:
                process.kill()
                process.wait()

    # What the kernel says of it

    def resident_kb(self):
        return self.status("VmRSS")

    def threads(self):
        return self.status("Threads")

    def status(self, key):
        with open(f"/proc/{self.process.pid}/status") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith(key + ":"))

    def fds(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def table_bytes(self):
        return os.path.getsize(f"{self.directory}/table")

    def live_heap_kb(self):
        """After a full collection; None if its Java is a runtime without jcmd."""
        java = os.readlink(f"/proc/{self.process.pid}/exe")
        jcmd = os.path.join(os.path.dirname(java), "jcmd")
        if not os.access(jcmd, os.X_OK):
            return None
        for command in ("GC.run", "GC.heap_info"):
            said = subprocess.run(
                [jcmd, str(self.process.pid), command], check=True, capture_output=True, text=True
            ).stdout
        return sum(int(used) for used in re.findall(r" total \d+K, used (\d+)K", said))

    def complaints(self):
        """The lines of its log that nobody should have to read."""
        with open(self.log) as lines:
            return [
                line.rstrip()
                for line in lines
                if any(word in line for word in ("ERROR", "SEVERE", "WARN", "bug", "Exception"))
            ]
