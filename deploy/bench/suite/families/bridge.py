"""Signals between the eventfds of two daemons, over a bridge and JetStream, against a bare publisher and consumer."""

import http.client
import socket
from contextlib import ExitStack

from suite.machine import FREE, LAUNCHER, Daemon, Server, figure, free_port, installed, java, of_another_build, running
from suite.rounds import Row, Skipped, at_least, at_most, skipped

FILE = """
host: {host}
nats: {{servers: ["nats://127.0.0.1:{port}"]}}
observability-port: {observed}
links:
{links}
"""
EXPORT = "  - export: {{name: {name}, subject: s.{name}, create: counter, max: {max}}}\n"
IMPORT = "  - import: {{name: {name}, subject: s.{name}, mode: {mode}, create: counter}}\n"
# with copy and with share, each signal a message; and as they come
EACH = {"copy": dict(name="copy", mode="copy", max=1), "share": dict(name="share", mode="share", max=1)}
LINKS = (*EACH.values(), dict(name="sum", mode="copy", max=2**64 - 2))
WHATS = "signals from host to host over a bridge"


def rows(bench):
    try:
        program = installed("nats-server")
    except Skipped as reason:
        yield skipped(WHATS, FREE, reason)
        return
    with ExitStack() as servers:
        seconds = bench.seconds if bench.smoke else 3
        pair = Pair(servers, program, bench.fresh("bridge"), LAUNCHER, seconds)
        another = of_another_build(bench, lambda launcher: Pair(servers, program, bench.fresh("a"), launcher, seconds))

        def bare(how):
            return figure(java("io.eventfdd.bench.JetStreamPair", how, pair.port, seconds, seconds))

        if not bench.smoke:
            for one in running(pair, another):
                one.warm_up()
        for mode, target in (("copy", 0.8), ("share", 0.4)):
            yield from bench.compare(
                f"{WHATS} ({mode}), each a message",
                FREE,
                "/s",
                lambda: pair.linked("each", mode),
                {"jnats": lambda: bare("each")},
                {"jnats": at_least(target)},
                another=lambda: another.linked("each", mode),
                more_is_better=True,
            )
        sums = [pair.linked("sum", "sum") for _ in range(bench.rounds)]
        yield Row(f"{WHATS} (copy), which add up", FREE, "/s", sums, target=at_least(1_000_000), more_is_better=True)
        yield from bench.compare(
            "one signal from host to host over a bridge (copy)",
            FREE,
            "ns",
            lambda: pair.linked("latency", "sum"),
            {"jnats": lambda: bare("latency")},
            {"jnats": at_most(1.3)},
            another=lambda: another.linked("latency", "sum"),
        )


class Pair:
    """Two daemons with a bridge each, and the server between them."""

    def __init__(self, servers, program, directory, launcher, seconds):
        self.seconds = seconds
        self.port = servers.enter_context(Nats(program, directory / "js")).port
        self.left = servers.enter_context(Daemon(directory / "l", launcher=launcher))
        self.right = servers.enter_context(Daemon(directory / "r", launcher=launcher))
        self.servers = [self.left, self.right]
        for daemon, host, link in ((self.left, "left", EXPORT), (self.right, "right", IMPORT)):
            links = "".join(link.format(**one) for one in LINKS)
            bridge = Bridge(daemon, directory / f"{host}.yaml", host, self.port, links, launcher)
            self.servers.append(servers.enter_context(bridge))

    def linked(self, how, name, warm_up=None):
        """Measures the signals from left to right."""
        times = (self.seconds if warm_up is None else warm_up, self.seconds)
        return figure(java("io.eventfdd.bench.Linked", how, self.left.directory, self.right.directory, name, *times))

    def warm_up(self):
        for server in self.servers:
            server.warm_up(lambda: [self.linked("each", mode, 0) for mode in EACH])


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

    def __init__(self, daemon, file, host, port, links, launcher):
        self.observed = free_port()
        self.links = links.count("name:")
        file.write_text(FILE.format(host=host, port=port, observed=self.observed, links=links))
        super().__init__([launcher, "bridge", "--config", file, "--runtime-dir", daemon.directory], self.is_up)

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
