"""The daemon's two sockets, as a client speaks to them that shares no code with it."""

import array
import contextlib
import json
import os
import select
import socket

ENDED = object()


class Gone(Exception):
    """The connection ended because another daemon takes over; the next one is there already."""


class Wrong(Exception):
    """The daemon did what it must not do."""


def compact(value):
    return json.dumps(value, separators=(",", ":"))


class Connection:
    """What both have in common: it may end while a daemon is taken over, and not otherwise."""

    def __init__(self, board, kind, path):
        self.board, self.life = board, board.life
        self.socket = socket.socket(socket.AF_UNIX, kind)
        self.socket.settimeout(60)
        try:
            self.socket.connect(path)
        except OSError as e:
            self.socket.close()
            raise Wrong(f"nobody answers on {path}: {e}") from e

    @contextlib.contextmanager
    def until_it_breaks(self):
        try:
            yield
        except (ConnectionError, EOFError) as e:
            self.broke(repr(e))

    def broke(self, how):
        self.close()
        if self.board.may_break(self.life):
            raise Gone()
        raise Wrong(f"the daemon ended a connection though none took over: {how}")

    def is_at_end(self):
        """
        Whether the end of the connection follows what was received. A value in the last answer may have gone back then:
        a daemon that ends shuts the connection down before it looks whether the client took the answer.
        """
        try:
            # asked before, since a recv of Python waits for its timeout, whatever its flags say
            return self.readable(0) and not self.socket.recv(1, socket.MSG_PEEK)
        except ConnectionError:
            return True

    def readable(self, seconds):
        return bool(select.select([self.socket], [], [], seconds)[0])

    def close(self):
        self.socket.close()


class Http(Connection):
    """Calls on api.sock, one at a time."""

    def __init__(self, board, directory):
        super().__init__(board, socket.SOCK_STREAM, directory + "/api.sock")
        self.rest = b""

    def call(self, method, path, body=None, **headers):
        """The status and the body of the answer; headers are given with _ in place of -."""
        self.send(method, path, body, **headers)
        return self.answer(method)

    def send(self, method, path, body=None, **headers):
        text = "" if body is None else compact(body)
        head = [f"{method} {path} HTTP/1.1", "Host: soak"]
        head += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if text:
            head += ["Content-Type: application/json", f"Content-Length: {len(text)}"]
        with self.until_it_breaks():
            self.socket.sendall(("\r\n".join(head) + "\r\n\r\n" + text).encode())

    def answer(self, method="GET"):
        with self.until_it_breaks():
            while b"\r\n\r\n" not in self.rest:
                self.more()
            head, _, self.rest = self.rest.partition(b"\r\n\r\n")
            status, length = int(head[9:12]), 0
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:") and method != "HEAD":
                    length = int(line[15:])
            while len(self.rest) < length:
                self.more()
        body, self.rest = self.rest[:length], self.rest[length:]
        if status == 503:
            self.broke(body.decode())
        return status, json.loads(body) if body.startswith((b"{", b"[")) else body.decode()

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError("end of the connection")
        self.rest += data

    def head_of_stream(self):
        """The status of an answer whose body goes on."""
        with self.until_it_breaks():
            while b"\r\n\r\n" not in self.rest:
                self.more()
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        status = int(head[9:12])
        if status == 503:
            self.broke("shutting-down")
        return status

    def event(self):
        """The next server-sent event of a watch: its name and its data. Each arrives in one chunk, comments between."""
        with self.until_it_breaks():
            while True:
                lines, found, rest = self.rest.partition(b"\n\n")
                if not found:
                    self.more()
                    continue
                self.rest = rest
                fields = dict(line.strip().split(b": ", 1) for line in lines.split(b"\n") if b": " in line)
                if b"event" in fields:
                    return fields[b"event"].decode(), json.loads(fields[b"data"])


class FdSocket(Connection):
    """Packets on fd.sock."""

    def __init__(self, board, directory):
        super().__init__(board, socket.SOCK_SEQPACKET, directory + "/fd.sock")

    def ask(self, request, fds=()):
        """The reply, and the descriptors that came with it."""
        with self.until_it_breaks():
            socket.send_fds(self.socket, [compact(request).encode()], list(fds))
            reply, received, flags, _ = socket.recv_fds(self.socket, 65536, 253, socket.MSG_CMSG_CLOEXEC)
            if not reply:
                raise EOFError("end of the connection")
        if flags & socket.MSG_CTRUNC:
            raise Wrong("descriptors were cut off")
        answer = json.loads(reply)
        if answer.get("type", "").endswith(":shutting-down"):
            self.broke(reply.decode())
        return answer, received


def read_now(fd):
    """What read(2) takes without waiting, whatever others have made of O_NONBLOCK; 0 for nothing."""
    value = array.array("Q", [0])
    try:
        os.preadv(fd, [value], -1, os.RWF_NOWAIT)
    except BlockingIOError:
        return 0
    return value[0]
