#!/usr/bin/env python3
"""held-loop.py DIR NAME SOCKET: whether an event loop takes a count on its own thread, and nothing takes it before.

The loop serves SOCKET and waits in epoll(7). Another thread wakes it for the eventfd NAME of the daemon in DIR. This holds the
thread of the loop (ptrace(2)), writes 5 to NAME, and waits until the loop was woken. It prints what is on NAME then, and lets the
thread go on. Status 77, with the reason, if it may not hold a thread of that process.
"""
import contextlib, ctypes, os, pathlib, re, socket, struct, sys, time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "examples"))
from eventfdd import open_eventfd

DETACH, SEIZE, INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def ptrace(request, thread):
    if libc.ptrace(ctypes.c_long(request), ctypes.c_long(thread), None, None):
        raise OSError(ctypes.get_errno(), f"ptrace: {os.strerror(ctypes.get_errno())}")


def until(condition):
    """What the condition returns, as soon as that is something. A thread or a descriptor may be gone while it looks."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if found := condition():
                return found
        time.sleep(0.01)
    sys.exit("not in time")


def epoll_sets(process):
    """The epoll sets of the process, with the descriptors that each watches."""
    fds = [fd for fd in (process / "fd").iterdir() if fd.is_symlink() and "eventpoll" in os.readlink(fd)]
    return {int(fd.name): set(re.findall(r"tfd:\s*(\d+)", (process / "fdinfo" / fd.name).read_text())) for fd in fds}


def waiting(process, epoll):
    """The thread that waits on the epoll set; nothing if none does."""
    for thread in (process / "task").iterdir():
        number, *arguments = (thread / "syscall").read_text().split()
        if number != "running" and int(arguments[0], 16) == epoll:
            return int(thread.name)


def count(process, fd):
    """What is on an eventfd of the process; 0 for other descriptors."""
    found = re.search(r"eventfd-count:\s*(\w+)", (process / "fdinfo" / str(fd)).read_text())
    return int(found[1], 16) if found else 0


def served(path):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(30)
    client.connect(path)
    client.send(b"hello")
    client.recv(100)
    return client


directory, name, path = sys.argv[1:]
if not os.path.exists("/proc/self/syscall"):
    print("no /proc/PID/syscall")
    sys.exit(77)
eventfd = open_eventfd(name, directory)

# The loop is the one that serves a connection: its epoll set has a descriptor more.
first = served(path)
process = pathlib.Path("/proc", str(struct.unpack("3i", first.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]))
before = until(lambda: epoll_sets(process))
second = served(path)
epoll = until(lambda: next((epoll for epoll, watched in epoll_sets(process).items() if watched - before.get(epoll, watched)), None))

try:
    thread = until(lambda: waiting(process, epoll))
    ptrace(SEIZE, thread)
    ptrace(INTERRUPT, thread)
except PermissionError as e:
    print(e)
    sys.exit(77)
os.waitpid(thread, WALL)
os.eventfd_write(eventfd, 5)
until(lambda: any(count(process, fd) for fd in epoll_sets(process)[epoll]))
print(count(pathlib.Path("/proc/self"), eventfd))
ptrace(DETACH, thread)
