"""The raw eventfd of a name, in Python: how to get it, and how to read it without blocking. `os.eventfd_write` does the rest."""
import array, json, os, socket


def open_eventfd(directory, name, **create):
    """The descriptor of eventfd `name`, made where it is missing: open_eventfd("/run/eventfdd", "orders", semaphore=True)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.connect(directory + "/fd.sock")
        s.send(json.dumps({"op": "open", "eventfds": [{"name": name, "create": create}]}).encode())
        # Not socket.recv_fds, which ignores its flags: the descriptor would be inherited by child processes.
        fds = array.array("i")
        reply, rights, _, _ = s.recvmsg(65536, socket.CMSG_SPACE(fds.itemsize), socket.MSG_CMSG_CLOEXEC)
        for _, _, data in rights:
            fds.frombytes(data)
        if not fds:
            raise OSError(json.loads(reply).get("detail", "no descriptor came: this process has too many open files"))
        return fds[0]


def read_now(fd):
    """Takes the count, or 1 from a semaphore; 0 if there is none. Never blocks, also if another holder has cleared O_NONBLOCK."""
    value = array.array("Q", [0])
    try:
        os.preadv(fd, [value], -1, os.RWF_NOWAIT)
    except BlockingIOError:
        return 0
    return value[0]
