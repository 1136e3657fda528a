#!/usr/bin/env bash
# nats-server 2.9.10 (Debian 12, nats-server 2.9.10-1+b3): a JetStream stream stores the conditions of a publish as headers of the
# message, and tries them again in each copy of the stream. If the stream was purged before, a mirror of it stops at the first message,
# and a stream with it as its source leaves the messages out. The server says so only in its log (nats-server issue 5253).
# Nats-Expected-Last-Subject-Sequence makes a subject a ledger with one writer: a message is stored only behind the one that the writer
# knows. That was true when it was published, and is not in a copy that begins behind a purge.
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed. Needs python3.
set -euo pipefail
place=$(mktemp -d)
trap 'kill "$(cat "$place/pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$place"' EXIT
cd "$place"
timeout --foreground 120 apt-get -qq download nats-server=2.9.10-1+b3 2>/dev/null ||
    { echo "${0##*/}: cannot download the package of Debian 12; is there a network?" >&2; exit 75; }
dpkg-deb -x ./*.deb root
cat >try.py <<'PYTHON'
import json, re, socket, subprocess

server = subprocess.Popen("root/usr/sbin/nats-server -js -sd data -a 127.0.0.1 -p -1 -P pid".split(), stderr=subprocess.PIPE, text=True)
said = lambda text: next(found for line in server.stderr if (found := re.search(text, line)))
nats = socket.create_connection(("127.0.0.1", int(said(r"client connections on .*:(\d+)")[1])), timeout=20).makefile("rwb")
nats.write(b'CONNECT {"verbose":false,"headers":true}\r\nSUB reply 1\r\n')

def ask(subject, body=b"", headers=b"NATS/1.0\r\n\r\n"):
    nats.write(f"HPUB {subject} reply {len(headers)} {len(headers) + len(body)}\r\n".encode() + headers + body + b"\r\n")
    nats.flush()
    size = next(line for line in nats if line.startswith(b"MSG")).split()[-1]
    return json.loads(nats.read(int(size) + 2))

def api(call, **what):
    answer = ask("$JS.API.STREAM." + call, json.dumps(what).encode())
    assert "error" not in answer, answer
    return answer

api("CREATE.ledger", name="ledger", subjects=["ledger"])
for last in range(3):
    headers = f"NATS/1.0\r\nNats-Expected-Last-Subject-Sequence: {last}\r\n\r\n".encode()
    print("ledger: stored as", ask("ledger", b"a", headers)["seq"])
print("purged:", api("PURGE.ledger", seq=2)["purged"])
api("CREATE.mirror", name="mirror", mirror={"name": "ledger"})
print("mirror:", said("last sequence by subject mismatch: .*")[0])
api("CREATE.sourced", name="sourced", sources=[{"name": "ledger"}])
print("sourced:", "; ".join(said("source .*(last sequence by subject mismatch: .*)")[1] for message in range(2)))
for stream in "ledger", "mirror", "sourced":
    print(f"messages in {stream}:", api(f"INFO.{stream}")["state"]["messages"])
PYTHON
timeout --foreground 60 python3 try.py >seen
cat seen
diff seen - <<'OUTPUT'
ledger: stored as 1
ledger: stored as 2
ledger: stored as 3
purged: 1
mirror: last sequence by subject mismatch: 1 vs 0
sourced: last sequence by subject mismatch: 1 vs 0; last sequence by subject mismatch: 2 vs 0
messages in ledger: 2
messages in mirror: 0
messages in sourced: 0
OUTPUT
