#!/usr/bin/env python3
"""A worker on a named eventfd, in Python: asyncio waits for the raw descriptor with add_reader.

    apt-get install python3         # 3.10 or newer; nothing else is needed
    eventfdd serve --runtime-dir /tmp/eventfdd              # in a shell of its own; server/bin/eventfdd in the checkout
    ./worker.py /tmp/eventfdd orders
    eventfdd write --runtime-dir /tmp/eventfdd orders 5    # in another shell: the worker prints "got 5"

It prints "ready", then "got N" for each value N that it takes from `orders`, and adds N to `orders.reply`. It echoes the lines
of its stdin and ends with it. ../README.md says what all workers do.
"""
import asyncio, json, os, socket, sys


class Worker:
    def __init__(self, directory, name):
        self.path, self.name, self.reply = directory + "/fd.sock", name, name + ".reply"
        self.held = {self.reply: None, self.name: None}
        self.loop = asyncio.get_running_loop()

    def connect(self):
        """Asks for both names without waiting for the answers: opens what is not held yet, and brings back ("donates") what
        is, since an eventfd outlives the daemon that it came from."""
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.setblocking(False)
        try:
            s.connect(self.path)
            for name, fd in self.held.items():
                request = {"op": "open", "eventfds": [{"name": name, "create": {}}]}
                if fd is not None:
                    request = {"op": "donate", "eventfds": [{"name": name}]}    # made with the defaults
                socket.send_fds(s, [json.dumps(request).encode()], [] if fd is None else [fd])
        except OSError as e:
            s.close()
            if None in self.held.values():
                sys.exit(f"{self.path}: {e.strerror}")
            self.loop.call_later(0.1, self.connect)
        else:
            self.loop.add_reader(s, self.hear, s, iter(self.held))

    def hear(self, s, names):
        """An answer for the next of the names, or the end of the connection."""
        try:
            # not socket.recv_fds, which ignores its flags: the descriptor would be inherited by every child
            packet, control, flags, _ = s.recvmsg(65536, socket.CMSG_SPACE(4), socket.MSG_CMSG_CLOEXEC)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if not packet or b":shutting-down" in packet:
            self.loop.remove_reader(s)
            s.close()
            return self.connect()
        if flags & socket.MSG_CTRUNC:
            sys.exit("too many open files: the descriptor was cut off")
        name, answer = next(names), json.loads(packet)
        result = answer.get("eventfds", [{}])[0].get("result")
        if result == "refused" or "detail" in answer:
            sys.exit(f"{name}: {answer.get('detail') or answer['eventfds'][0]['problem']}")
        if control:
            self.hold(name, int.from_bytes(control[0][2], sys.byteorder))
        if result:
            print(name, result)
        elif name == self.name:
            print("ready")

    def hold(self, name, fd):
        """A descriptor that was opened, or that replaces one: then what is left on the old one moves to the new one."""
        old, self.held[name] = self.held[name], fd
        if old is not None:
            self.loop.remove_reader(old)
            if left := take(old):
                give(fd, left)
            os.close(old)
        if name == self.name:
            self.loop.add_reader(fd, self.work)

    def work(self):
        if value := take(self.held[self.name]):
            print("got", value)
            give(self.held[self.reply], value)


def take(fd):
    """What there is, 0 where another reader was faster. os.eventfd_read would stop the loop then, if some other process
    has cleared O_NONBLOCK, which belongs to all that hold this eventfd; RWF_NOWAIT holds in any case."""
    value = bytearray(8)
    try:
        os.preadv(fd, [value], -1, os.RWF_NOWAIT)
    except BlockingIOError:
        pass
    return int.from_bytes(value, sys.byteorder)


def give(fd, value):
    try:
        os.eventfd_write(fd, value)
    except OSError as e:
        sys.exit(f"write: {e.strerror}")


async def main(directory, name):
    Worker(directory, name).connect()
    end = asyncio.Event()

    def echo():
        text = os.read(0, 65536).decode()
        for line in text.splitlines():
            print("line", line)
        if not text:
            end.set()
    asyncio.get_running_loop().add_reader(0, echo)
    await end.wait()


if len(sys.argv) != 3:
    sys.exit("usage: worker.py DIR NAME")
sys.stdout.reconfigure(line_buffering=True)
asyncio.run(main(*sys.argv[1:]))
