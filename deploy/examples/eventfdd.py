"""Raw eventfds by name, in Python: how to get one, and how to read it without blocking.

`os.eventfd_write(fd, n)` adds to the count. One system call does it, without the daemon.
"""
import array, asyncio, json, os, socket


def runtime_directory():
    """The directory of the daemon's sockets: the first that exists, in the order of every client."""
    session = os.environ.get("XDG_RUNTIME_DIR")
    places = [
        os.environ.get("EVENTFDD_RUNTIME_DIR"),
        os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0],
        "/run/eventfdd",
        session and session + "/eventfdd",
        f"/tmp/eventfdd-{os.getuid()}",
    ]
    places = [place for place in places if place]
    for place in places:
        if os.path.isdir(place):
            return place
    raise FileNotFoundError(f"no eventfdd daemon found; looked in {', '.join(places)}")


def open_eventfd(name, directory=None, create=True, **spec):
    """The descriptor of the eventfd `name`, such as open_eventfd("slots", semaphore=True, initial=3).

    A missing eventfd is created with the fields of `spec`, unless `create` is false.
    """
    path = (directory or runtime_directory()) + "/fd.sock"
    entry = {"name": name, "create": spec} if create else {"name": name}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        try:
            s.connect(path)
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from None
        s.send(json.dumps({"op": "open", "eventfds": [entry]}).encode())
        # Not socket.recv_fds, which ignores its flags: child processes would inherit the descriptor.
        fds = array.array("i")
        reply, rights, _, _ = s.recvmsg(65536, socket.CMSG_SPACE(fds.itemsize), socket.MSG_CMSG_CLOEXEC)
        for _, _, data in rights:
            fds.frombytes(data)
        if not fds:
            raise OSError(json.loads(reply).get("detail", "no descriptor came: this process has too many open files"))
        return fds[0]


def read_now(fd):
    """Takes the count, or 1 of a semaphore, and returns it; returns 0 if there is none.

    It never blocks, even if another holder has cleared O_NONBLOCK.
    """
    value = array.array("Q", [0])
    try:
        os.preadv(fd, [value], -1, os.RWF_NOWAIT)
    except BlockingIOError:
        return 0
    return value[0]


async def read(fd):
    """Takes the count, or 1 of a semaphore, as soon as there is one; other tasks of asyncio run meanwhile.

    Only one task may wait on a descriptor at a time. A cancelled wait has taken nothing.
    """
    readable = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(fd, readable.set)
    try:
        while not (value := read_now(fd)):
            readable.clear()
            await readable.wait()
        return value
    finally:
        loop.remove_reader(fd)
