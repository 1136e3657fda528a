"""Signals between the eventfds of two daemons, over a bridge and JetStream, against a bare publisher and consumer."""

import http.client
import socket
from contextlib import ExitStack

from suite.machine import FREE, LAUNCHER, Daemon, Server, figure, free_port, installed, java
from suite.rounds import Row, Skipped, at_least, at_most, skipped

LINKS = """
host: {host}
nats: {{servers: ["nats://127.0.0.1:{port}"]}}
observability-port: {observed}
links:
{links}
"""
EXPORT = "  - export: {{name: {0}, subject: s.{0}, create: counter}}\n"
IMPORT = "  - import: {{name: {0}, subject: s.{0}, mode: {0}, create: counter}}\n"
MODES = ("copy", "share")
WHATS = "signals from host to host over a bridge"


def rows(bench):
    try:
        program = installed("nats-server")
    except Skipped as reason:
        yield skipped(WHATS, FREE, reason)
        return
    with ExitStack() as servers:
        directory = bench.fresh("bridge")
        port = servers.enter_context(Nats(program, directory / "js")).port
        left = servers.enter_context(Daemon(directory / "l"))
        right = servers.enter_context(Daemon(directory / "r"))
        warm = [left, right]
        for daemon, host, link in ((left, "left", EXPORT), (right, "right", IMPORT)):
            links = "".join(link.format(mode) for mode in MODES)
            warm.append(servers.enter_context(Bridge(daemon, directory / f"{host}.yaml", host, port, links)))
        seconds = bench.seconds if bench.smoke else 3

        def linked(how, mode, warm_up=seconds):
            command = java("io.eventfdd.bench.Linked", how, left.directory, right.directory, mode, warm_up, seconds)
            return lambda: figure(command)

        def bare(how):
            command = java("io.eventfdd.bench.JetStreamPair", how, port, seconds, seconds)
            return lambda: figure(command)

        if not bench.smoke:
            for server in warm:
                server.warm_up(lambda: [linked("each", mode, 0)() for mode in MODES])
        for mode, target in (("copy", 0.8), ("share", 0.4)):
            yield from bench.compare(
                f"{WHATS} ({mode}), each a message",
                FREE,
                "/s",
                linked("each", mode),
                {"jnats": bare("each")},
                {"jnats": at_least(target)},
                more_is_better=True,
            )
        sums = [linked("sum", "copy")() for _ in range(bench.rounds)]
        yield Row(f"{WHATS} (copy), which add up", FREE, "/s", sums, target=at_least(1_000_000), more_is_better=True)
        yield from bench.compare(
            "one signal from host to host over a bridge (copy)",
            FREE,
            "ns",
            linked("latency", "copy"),
            {"jnats": bare("latency")},
            {"jnats": at_most(1.3)},
        )


class Nats(Server):
    """nats-server with JetStream, on files of its own."""

    def __init__(self, program, directory):
        self.port = free_port()
        # its log would fill a pipe that nobody reads
        log = ["-l", directory.with_suffix(".log")]
        super().__init__([program, "-js", "-sd", directory, "-a", "127.0.0.1", "-p", self.port, *log], self.answers)

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False


class Bridge(Server):
    """A bridge beside a daemon, ready once all of its links are up."""

    def __init__(self, daemon, file, host, port, links):
        self.observed = free_port()
        self.links = links.count("name:")
        file.write_text(LINKS.format(host=host, port=port, observed=self.observed, links=links))
        super().__init__([LAUNCHER, "bridge", "--config", file, "--runtime-dir", daemon.directory], self.is_up)

    def is_up(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.observed, timeout=5)
        try:
            connection.request("GET", "/metrics")
            lines = connection.getresponse().read().decode().splitlines()
        except OSError:
            return False
        finally:
            connection.close()
        return sum(line.startswith("eventfdd_bridge_link_up") and line.endswith(" 1.0") for line in lines) == self.links
