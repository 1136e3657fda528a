#!/usr/bin/env python3
"""How long from exec to the first answered request, and what memory it takes: first-answer.py SOCKET ROUNDS COMMAND...

COMMAND becomes the daemon in the foreground, or starts it; PID_COMMAND in the environment prints its process id.
"""
import os, signal, socket, statistics, subprocess, sys, time

path, rounds, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]


def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(30)
    s.connect(path)
    return s


def get(s):
    s.sendall(b"GET /v1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = s.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200"), answer


def rss(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS")) / 1024


def processor(pid):
    """Milliseconds of processor time that it has taken: what else runs on the machine disturbs that less."""
    with open(f"/proc/{pid}/stat") as f:
        user, kernel = f.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(kernel)) * 1000 / os.sysconf("SC_CLK_TCK")


times, spent = [], []
for i in range(rounds):
    if os.path.exists(path):
        os.unlink(path)
    begin = time.perf_counter()
    daemon = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while True:
        try:
            s = connect()
            get(s)
            break
        except (FileNotFoundError, ConnectionRefusedError):
            assert daemon.poll() is None and time.perf_counter() - begin < 60, "it does not start"
            time.sleep(0.001)
    times.append((time.perf_counter() - begin) * 1000)
    spent.append(processor(daemon.pid))
    s.close()
    if i == rounds - 1:
        time.sleep(float(os.environ.get("IDLE", "35")))  # to be idle for a while is what is measured
        idle = rss(daemon.pid)
        many = [connect() for _ in range(64)]
        for _ in range(100):
            for s in many:
                get(s)
        busy = rss(daemon.pid)
        for s in many:
            s.close()
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(10) == 0, daemon.returncode
print(f"first answer after {statistics.median(times):.0f} ms (median of {rounds}; best {min(times):.0f}), {statistics.median(spent):.0f} ms of processor time;"
      f" resident {idle:.0f} MB idle, {busy:.0f} MB with 64 connections")
