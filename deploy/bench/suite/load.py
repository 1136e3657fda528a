"""Plans for the load generator: what each connection sends in turn."""

import json

from suite.machine import figure


def http(method, path, body=None):
    text = "" if body is None else json.dumps(body)
    entity = f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n" if text else ""
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{entity}\r\n{text}"


def redis(*words):
    return f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)


def write(name):
    return http("POST", f"/v1/eventfds/{name}/write", {"value": 1})


def read(name, timeout="0s"):
    return http("POST", f"/v1/eventfds/{name}/read", {"timeout": timeout})


def plan(connections):
    """What load.c reads: the requests of each connection."""
    parts = [f"{len(connections)}\n"]
    for requests in connections:
        parts.append(f"{len(requests)}\n")
        parts.extend(f"{len(request)}\n{request}" for request in requests)
    return "".join(parts)


def ping_pong(pairs, signal, wait, suffix=""):
    """Two connections a pair: one signals and waits for the answer, the other waits and answers."""
    connections = []
    for pair in range(pairs):
        ping, pong = f"ping-{pair}{suffix}", f"pong-{pair}{suffix}"
        connections += [[signal(ping), wait(pong)], [wait(ping), signal(pong)]]
    return plan(connections)


def eventfdd_ping_pong(pairs, suffix=""):
    return ping_pong(pairs, write, lambda name: read(name, "30s"), suffix)


def redis_ping_pong(pairs, suffix=""):
    return ping_pong(pairs, lambda name: redis("LPUSH", name, "1"), lambda name: redis("BLPOP", name, "30"), suffix)


def warm_up(bench, daemon):
    """Lets a daemon's compiler see all of the calls that are measured, for as long as it takes to compile them."""
    for name in ("warm", "ping-0", "pong-0"):
        daemon.create(name)
    calls = [[write("warm"), read("warm")]] * 8
    for requests in (plan(calls), eventfdd_ping_pong(1)):
        daemon.warm_up(lambda: figure(bench.c("load", "http", daemon.api, bench.warm_up), stdin=requests))
