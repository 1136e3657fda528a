"""What stands on this machine: its processors, the programs that are measured, and the servers."""

import http.client
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from suite.rounds import Skipped, skipped

BENCH = Path(__file__).resolve().parent.parent
TREE = BENCH.parent.parent
JAVA_MODULE = BENCH / "java"
BUILDER = TREE / "server/bin/eventfdd"
LAUNCHER = TREE / "server/target/dist/bin/eventfdd"  # as installed: it does not look for sources that are newer

# of a server in Java, at most
MOST_WARM_UPS = 30

CPUS = sorted(os.sched_getaffinity(0))

# who is measured, and who it talks to, on one processor; on one each; or wherever the kernel likes
SAME, CROSS, FREE = "same", "cross", "free"
PLACES = {SAME: ({CPUS[0]}, {CPUS[0]}), CROSS: ({CPUS[0]}, {CPUS[-1]}), FREE: (set(CPUS), set(CPUS))}


def near(cores):
    """The processors of who measures."""
    return placed(cores)[0]


def far(cores):
    """The processors of who is measured, or of the other process."""
    return placed(cores)[1]


def placed(cores):
    if cores == CROSS and len(CPUS) < 2:
        raise Skipped("one processor only")
    return PLACES[cores]


def pinned(bench, what, rows):
    """`rows` of each place where two processes are pinned to processors; elsewhere the kernel moves a pair about: now one core, now two."""
    for cores in bench.cores:
        if cores == FREE:
            continue
        try:
            near(cores)
        except Skipped as reason:
            yield skipped(what, cores, reason)
        else:
            yield from rows(cores)


def build(directory):
    """Compiles the C programs into `directory`, and with Maven what has changed in Java."""
    for source in sorted((BENCH / "c").glob("*.c")):
        command = ["cc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread"]
        subprocess.run([*command, "-o", directory / source.stem, source], check=True)
    subprocess.run([BUILDER, "--version"], check=True, stdout=subprocess.DEVNULL)
    jar = JAVA_MODULE / "target/eventfdd-bench.jar"
    sources = [TREE / "pom.xml", JAVA_MODULE / "pom.xml", *JAVA_MODULE.rglob("src/**/*"), *TREE.glob("client/src/main/**/*")]
    if not jar.exists() or any(source.stat().st_mtime > jar.stat().st_mtime for source in sources):
        maven = ["mvn", "-B", "-ntp", "-q", "-Dstyle.color=never", "-f", TREE / "pom.xml", "-Pbench"]
        flags = ["-pl", "client,deploy/bench/java", "-Dmaven.test.skip", "-Djacoco.skip", "-Dexec.skip"]
        subprocess.run([*maven, *flags, "package"], check=True, stdin=subprocess.DEVNULL)
        jar.touch()


def start(command, cpus=None, environment=None, **options):
    """A process on `cpus`."""
    pin = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
    return subprocess.Popen(
        [str(word) for word in command], preexec_fn=pin, env=os.environ | (environment or {}), text=True, **options
    )


def output(command, cpus=None, environment=None, stdin=None):
    """What a program that ends well prints."""
    process = start(
        command, cpus, environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    return finish(process, stdin)


def finish(process, stdin=None):
    try:
        out, errors = process.communicate(stdin, timeout=120)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(process.args)} ended with {process.returncode}: {errors.strip()}")
    return out


def figure(command, cpus=None, environment=None, stdin=None):
    """The one number that a program prints."""
    return float(output(command, cpus, environment, stdin))


def java_home():
    """Where the launcher's Java is: the newest under /usr/lib/jvm, or that of JAVA_HOME."""
    homes = [os.environ.get("JAVA_HOME", ""), *map(str, Path("/usr/lib/jvm").glob("*"))]
    versions = {}
    for home in homes:
        release = Path(home) / "release"
        if home and release.exists():
            text = release.read_text()
            versions[home] = int(text.split('JAVA_VERSION="')[1].split(".")[0].split('"')[0])
    newest = max(versions, key=versions.get, default=None)
    if newest is None:
        raise Skipped("no JDK found in JAVA_HOME or under /usr/lib/jvm")
    return Path(os.environ["JAVA_HOME"]) if versions.get(os.environ.get("JAVA_HOME"), 0) >= 25 else Path(newest)


def java(main, *arguments, build=None):
    """The command of one of our Java programs, with the library of this build or of the distribution `build`."""
    path = f"{JAVA_MODULE}/target/eventfdd-bench.jar:{JAVA_MODULE}/target/lib/*"
    path = f"{build}/lib/*:{path}" if build else path
    return [java_home() / "bin/java", "--enable-native-access=ALL-UNNAMED", "-cp", path, main, *map(str, arguments)]


def free_port():
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Server:
    """A process that is ready once its socket takes a connection, and ends with the block."""

    def __init__(self, command, ready, cpus=None):
        self.started = time.perf_counter()
        self.process = start(
            command, cpus, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        try:
            while not ready():
                if self.process.poll() is not None:
                    raise RuntimeError(f"{command[0]} did not start: {self.process.stderr.read()}")
                if time.perf_counter() - self.started > 30:
                    raise RuntimeError(f"{command[0]} did not answer within 30 s")
                time.sleep(0.0005)
        except BaseException:
            self.close()
            raise
        self.start_seconds = time.perf_counter() - self.started

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()

    @property
    def rss(self):
        """Bytes of memory that it has now."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0]) * 1024

    def tasks(self):
        return list(Path(f"/proc/{self.process.pid}/task").iterdir())

    def warm_up(self, run):
        """Has it `run` until its compilers have next to nothing left to do: on one processor they take half of it for long."""
        for _ in range(MOST_WARM_UPS):
            started, compiled = time.monotonic(), self.compiler_seconds()
            run()
            if self.compiler_seconds() - compiled < 0.03 * (time.monotonic() - started):
                break

    def compiler_seconds(self):
        """How long those of its compiler threads that are there have run."""
        seconds = 0
        for task in self.tasks():
            try:
                if (task / "comm").read_text().startswith(("C1 Comp", "C2 Comp")):
                    seconds += int((task / "schedstat").read_text().split()[0]) / 1e9
            except (FileNotFoundError, ProcessLookupError):
                pass  # it has just ended
        return seconds


def connects(path, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_UNIX, kind) as probe:
        try:
            probe.connect(str(path))
            return True
        except OSError:
            return False


class Daemon(Server):
    """eventfdd, started as its users start it."""

    def __init__(self, directory, cpus=None, options=(), launcher=LAUNCHER):
        self.directory = Path(directory)
        self.api = self.directory / "api.sock"
        self.fd = self.directory / "fd.sock"
        self.environment = {"EVENTFDD_RUNTIME_DIR": str(self.directory)}
        super().__init__([launcher, "serve", "--runtime-dir", self.directory, *options], self.answers, cpus)

    def answers(self):
        try:
            return self.call("GET", "/v1") is not None
        except (OSError, http.client.HTTPException):
            return False

    def call(self, method, path, body=None):
        """The answer to one request, which is JSON."""
        text = self.answer(method, path, body)
        return json.loads(text) if text else {}

    def metric(self, name):
        """A metric that has no labels."""
        lines = self.answer("GET", "/metrics").decode().splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))

    def answer(self, method, path, body=None):
        """The body of the answer to one request."""
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.sock.connect(str(self.api))
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"} if text else {})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= 300:
                raise RuntimeError(f"{method} {path}: {answer.status} {text}")
            return text
        finally:
            connection.close()

    def create(self, name, **spec):
        return self.call("PUT", f"/v1/eventfds/{name}", spec)

    def java(self, main, *arguments):
        """The command of one of our Java programs, with the options that its own JVM has."""
        words = Path(f"/proc/{self.process.pid}/cmdline").read_text().split("\0")
        options = [word for word in words[1 : words.index("-jar")] if not word.startswith("-XX:AOTCache")]
        command, *rest = java(main, *arguments)
        return [command, *options, *rest]

    def heap(self):
        """Bytes of its heap that are in use after a collection."""
        jcmd = [java_home() / "bin/jcmd", self.process.pid]
        output([*jcmd, "GC.run"])
        lines = output([*jcmd, "GC.heap_info"]).splitlines()
        used = [line.split("used ")[1].split("K")[0] for line in lines if "total" in line and "used" in line]
        return sum(int(size) for size in used if size) * 1024


def another_build(bench, servers, directory, cpus=None, options=()):
    """The daemon of the other build, until the end of `servers`."""
    return of_another_build(bench, lambda launcher: servers.enter_context(Daemon(directory, cpus, options, launcher)))


def of_another_build(bench, make):
    """What `make` gives for the launcher of the other build, or why there is none."""
    return make(bench.against / "bin/eventfdd") if bench.against else Skipped("no --against")


def running(*servers):
    """Those of them that are there."""
    return [server for server in servers if not isinstance(server, Skipped)]


def installed(program):
    # servers are in sbin, which is not on everybody's PATH
    path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
    if path is None:
        raise Skipped(f"{program} is not installed")
    return path


class Redis(Server):
    def __init__(self, directory, cpus=None, port=0):
        self.socket = Path(directory) / "redis.sock"
        quiet = ["--save", "", "--appendonly", "no", "--loglevel", "warning", "--dir", directory]
        super().__init__(
            [installed("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--unixsocket", self.socket, *quiet],
            lambda: connects(self.socket),
            cpus,
        )


class BareHelidon(Server):
    """Helidon with nothing around it, in a JVM like that of `daemon`."""

    def __init__(self, directory, cpus, daemon):
        self.socket = Path(directory) / "helidon.sock"
        command = daemon.java("io.eventfdd.bench.BareHelidon", self.socket)
        super().__init__(command, lambda: connects(self.socket), cpus)


class Nginx(Server):
    CONFIGURATION = """
        daemon off; worker_processes 1; pid {directory}/nginx.pid; error_log stderr crit; {user}
        events {{ worker_connections 1024; }}
        http {{
            access_log off; keepalive_requests 1000000000;
            client_body_temp_path {directory}; proxy_temp_path {directory}; fastcgi_temp_path {directory};
            uwsgi_temp_path {directory}; scgi_temp_path {directory};
            server {{
                listen unix:{directory}/nginx.sock;
                location / {{ default_type application/json; return 200 '{{"name":"w","value":1}}'; }}
            }}
        }}
    """

    def __init__(self, directory, cpus=None):
        program = installed("nginx")
        self.socket = Path(directory) / "nginx.sock"
        file = Path(directory) / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        file.write_text(self.CONFIGURATION.format(directory=directory, user=user))
        super().__init__([program, "-e", "stderr", "-c", file], lambda: connects(self.socket), cpus)


def most_descriptors():
    """RLIMIT_NOFILE, raised as far as it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def described():
    """This machine, in a line."""
    model = next(
        (line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?"
    )
    return f"{len(CPUS)} × {model}, Linux {os.uname().release}, {os.uname().machine}"
