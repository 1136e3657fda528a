#!/usr/bin/env bash
# nats-server 2.9.10 (Debian 12, nats-server 2.9.10-1+b3): after a restart a JetStream stream no longer knows the id of its last message, if
# that is older than the duplicate window. Each publish with Nats-Expected-Last-Msg-Id is then refused, also the right one.
# With that header a stream is a ledger: a message is stored only behind the one that its writer knows, by the id that the writer
# chose. The window (2 minutes by default, 1 s here) is one of Nats-Msg-Id and has no part in it: while the server runs, the
# condition holds however old the last message is. But at its start the server learns the id only from messages in the window. A
# writer that takes the refusal for a second writer stops, and one that tries again is refused until somebody publishes without
# the condition. Nats-Expected-Last-Sequence has no such gap. Newer servers: mended in September 2026 (nats-server pull request 8564).
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed. Needs python3.
set -euo pipefail
place=$(mktemp -d)
trap 'kill "$(cat "$place/pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$place"' EXIT
cd "$place"
timeout --foreground 120 apt-get -qq download nats-server=2.9.10-1+b3 2>/dev/null ||
    { echo "${0##*/}: cannot download the package of Debian 12; is there a network?" >&2; exit 75; }
dpkg-deb -x ./*.deb root
cat >try.py <<'PYTHON'
import json, re, socket, subprocess, time

def ask(subject, body=b"", headers=""):
    head = f"NATS/1.0\r\n{headers}\r\n".encode()
    nats.write(f"HPUB {subject} reply {len(head)} {len(head) + len(body)}\r\n".encode() + head + body + b"\r\n")
    nats.flush()
    size = next(line for line in nats if line.startswith(b"MSG")).split()[-1]
    return json.loads(nats.read(int(size) + 2))

def publish(id, condition):
    answer = ask("ledger", b"a", f"Nats-Msg-Id: {id}\r\n{condition}\r\n")
    print(f"{id}, {condition}:", answer["error"]["description"].rstrip(": ") if "error" in answer else f"stored as {answer['seq']}")

for start in "first", "second":
    server = subprocess.Popen("root/usr/sbin/nats-server -js -sd data -a 127.0.0.1 -p -1 -P pid".split(), stderr=subprocess.PIPE, text=True)
    try:
        port = next(found[1] for line in server.stderr if (found := re.search(r"client connections on .*:(\d+)", line)))
        nats = socket.create_connection(("127.0.0.1", int(port)), timeout=20).makefile("rwb")
        nats.write(b'CONNECT {"verbose":false,"headers":true}\r\nSUB reply 1\r\n')
        if start == "first":
            assert "error" not in ask("$JS.API.STREAM.CREATE.s", json.dumps(dict(name="s", subjects=["ledger"], duplicate_window=10**9)).encode())
            publish("one", "Nats-Expected-Last-Sequence: 0")
            time.sleep(3)
            publish("two", "Nats-Expected-Last-Msg-Id: one")
            time.sleep(3)
        else:
            print("restarted; the last message is", ask("$JS.API.STREAM.INFO.s")["state"]["last_seq"])
            publish("three", "Nats-Expected-Last-Msg-Id: two")
            publish("three", "Nats-Expected-Last-Sequence: 2")
    finally:
        server.terminate()
        server.wait()
PYTHON
timeout --foreground 60 python3 try.py | tee seen
diff seen - <<'OUTPUT'
one, Nats-Expected-Last-Sequence: 0: stored as 1
two, Nats-Expected-Last-Msg-Id: one: stored as 2
restarted; the last message is 2
three, Nats-Expected-Last-Msg-Id: two: wrong last msg ID
three, Nats-Expected-Last-Sequence: 2: stored as 3
OUTPUT
