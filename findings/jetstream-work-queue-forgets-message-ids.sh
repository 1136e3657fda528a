#!/usr/bin/env bash
# nats-server 2.9.10 (Debian 12, nats-server 2.9.10-1+b3): a JetStream stream with work-queue retention forgets the ids of consumed
# messages when the server restarts, also in order and within the duplicate window: the same id is then stored a second time.
# A publisher that got no answer publishes again with the same Nats-Msg-Id, and within the duplicate window (ten minutes here) the
# server says that it is a duplicate. It makes its table of ids anew from the stored messages when it starts; but a work queue
# removes each message that is acknowledged, and so its id. With limits retention, where the message stays, the id is still known.
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed. Needs python3.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
timeout --foreground 120 apt-get -qq download nats-server=2.9.10-1+b3 2>/dev/null ||
    { echo "${0##*/}: cannot download the package of Debian 12; is there a network?" >&2; exit 75; }
dpkg-deb -x ./*.deb root
cat >try.py <<'PYTHON'
import json, re, socket, subprocess

def ask(nats, subject, body=b"", headers=""): # returns the words and the body of the reply
    head = f"NATS/1.0\r\n{headers}\r\n".encode()
    nats.write(f"HPUB {subject} reply {len(head)} {len(head) + len(body)}\r\n".encode() + head + body + b"\r\n")
    nats.flush()
    words = next(line for line in nats if line.startswith((b"MSG", b"HMSG"))).decode().split()
    return words, nats.read(int(words[-1]) + 2)

def publish(nats, stream):
    return "duplicate" if b'"duplicate"' in ask(nats, stream, b"a", "Nats-Msg-Id: one\r\n")[1] else "stored"

def consume(nats, stream): # and acknowledge, and wait until that is confirmed
    message, _ = ask(nats, f"$JS.API.CONSUMER.MSG.NEXT.{stream}.c", b"1")
    ask(nats, next(word for word in message if word.startswith("$JS.ACK")), b"+ACK")

def create(nats, what, **config):
    assert b'"error"' not in ask(nats, "$JS.API." + what, json.dumps(config).encode())[1]

seen = {}
for start in "first", "second":
    server = subprocess.Popen("root/usr/sbin/nats-server -js -sd data -a 127.0.0.1 -p -1".split(), stderr=subprocess.PIPE, text=True)
    try:
        port = next(found[1] for line in server.stderr if (found := re.search(r"client connections on .*:(\d+)", line)))
        nats = socket.create_connection(("127.0.0.1", int(port)), timeout=20).makefile("rwb")
        nats.write(b'CONNECT {"verbose":false,"headers":true}\r\nSUB reply 1\r\n')
        for stream in "workqueue", "limits":
            if start == "first":
                create(nats, f"STREAM.CREATE.{stream}", name=stream, subjects=[stream], retention=stream, duplicate_window=600 * 10**9)
                create(nats, f"CONSUMER.DURABLE.CREATE.{stream}.c", stream_name=stream, config=dict(durable_name="c", ack_policy="explicit"))
                seen[stream] = [publish(nats, stream)]
                consume(nats, stream)
            seen[stream].append(publish(nats, stream))
    finally:
        server.terminate()
        server.wait()
for stream, words in seen.items():
    print(f"{stream}: {words[0]}; once consumed, {words[1]}; after a restart, {words[2]}")
PYTHON
timeout --foreground 60 python3 try.py | tee seen
diff seen - <<'OUTPUT'
workqueue: stored; once consumed, duplicate; after a restart, stored
limits: stored; once consumed, duplicate; after a restart, duplicate
OUTPUT
