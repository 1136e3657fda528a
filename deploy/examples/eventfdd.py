"""The raw eventfd of a name, in Python: all that it takes. `os.eventfd_read` and `os.eventfd_write` do the rest."""
import json, socket


def open_eventfd(directory, name, **create):
    """The descriptor of eventfd `name`, made where it is missing: open_eventfd("/run/eventfdd", "orders", semaphore=True)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.connect(directory + "/fd.sock")
        s.send(json.dumps({"op": "open", "eventfds": [{"name": name, "create": create}]}).encode())
        reply, fds, flags, _ = socket.recv_fds(s, 65536, 1, socket.MSG_CMSG_CLOEXEC)
        if not fds:
            raise OSError(json.loads(reply)["detail"])
        return fds[0]
