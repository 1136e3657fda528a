package io.eventfdd.server.testing;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Requests that no honest client sends, or only nearly so: each from one seed, so that it can be
 * sent again.
 */
public final class HostileHttp {
    private static final List<String> METHODS =
            List.of("GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "get", "P\0T", "");

    private static final List<String> NAMES =
            List.of(
                    "f1",
                    "f2",
                    "f3",
                    "missing",
                    "%66%31",
                    "%00",
                    "%ff",
                    "%c0%af",
                    "%",
                    "%2e%2e",
                    "..",
                    ".",
                    "-f",
                    "a".repeat(128),
                    "a".repeat(129),
                    "a".repeat(5000),
                    "\u00e9",
                    "a;b",
                    "a,b",
                    "a%2Fb",
                    "a//b",
                    "a b",
                    "\ud83d\ude00",
                    "%F0%9F%98%80",
                    "'",
                    "\"",
                    "<x>");

    private static final List<String> VERBS =
            List.of("", "/", "/write", "/read", "/wait", "/watch", "/wrte", "/write/", "//read");

    private static final List<String> QUERIES =
            List.of(
                    "",
                    "",
                    "",
                    "?",
                    "?timeout=1ms",
                    "?timeout=0s",
                    "?timeout=-1s",
                    "?timeout=1d",
                    "?timeout=99999999999999999999h",
                    "?timeout",
                    "?timeout=1ms&timeout=1ms",
                    "?limit=1",
                    "?limit=0",
                    "?limit=1001",
                    "?limit=9999999999",
                    "?limit=x",
                    "?after=f1&limit=2",
                    "?prefix=%ff",
                    "?prefix=f",
                    "?typo=1",
                    "?=",
                    "?&&&",
                    "?a=%",
                    "?%00=1",
                    "?timeout=%31ms",
                    "?" + "a=1&".repeat(500),
                    "#fragment",
                    "?prefix=+");

    private static final List<String> HEADERS =
            List.of(
                    "Content-Type: application/json",
                    "Content-Type: application/json; charset=utf-8",
                    "Content-Type: text/plain",
                    "Content-Type:",
                    "Idempotency-Key: k",
                    "Idempotency-Key: two words",
                    "Idempotency-Key: \u00e9",
                    "Idempotency-Key:",
                    "Idempotency-Key: " + "k".repeat(256),
                    "Prefer: wait=0",
                    "Prefer: wait=-1",
                    "Prefer: wait=99999999999999999999",
                    "Prefer: respond-async, wait=\"0\"; x",
                    "If-None-Match: *",
                    "If-None-Match: \"tag\"",
                    "Expect: 100-continue",
                    "Expect: a-miracle",
                    "Connection: close",
                    "Connection: Upgrade\r\nUpgrade: h2c",
                    "Upgrade: websocket",
                    "Host: a\r\nHost: b",
                    "Content-Length: 1",
                    "Content-Length: -1",
                    "Content-Length: 99999999999999999999",
                    "Content-Length: x",
                    "Content-Length: 65537",
                    "Transfer-Encoding: chunked",
                    "Transfer-Encoding: gzip, chunked",
                    "Transfer-Encoding: identity",
                    "Content-Encoding: gzip",
                    " folded: yes",
                    "no colon",
                    ": no name",
                    "A\0B: c",
                    "X: " + "x".repeat(20_000),
                    "Cookie: " + "a=b; ".repeat(300),
                    "Accept: text/html",
                    "Range: bytes=0-1");

    private static final List<String> BODIES =
            List.of(
                    "",
                    "",
                    "{}",
                    "{\"value\":1}",
                    "{\"value\":18446744073709551614}",
                    "{\"value\":18446744073709551615}",
                    "{\"value\":-3}",
                    "{\"value\":1.0}",
                    "{\"value\":1e3}",
                    "{\"value\":\"7\"}",
                    "{\"value\":" + "9".repeat(2000) + "}",
                    "{\"value\":1e999999999}",
                    "{\"value\":1,\"value\":2}",
                    "{\"value\":null}",
                    "{\"value\":{}}",
                    "{\"timeout\":\"1ms\"}",
                    "{\"timeout\":\"1ms \"}",
                    "{\"timeout\":5}",
                    "{\"timeout\":\"999999h\"}",
                    "{\"typo\":1}",
                    "{\"\\ud800\":1}",
                    "{\"value\":\"\\ud800\"}",
                    "[]",
                    "1",
                    "null",
                    "\"x\"",
                    "{} {}",
                    "{\"initial\":5,\"semaphore\":true,\"mode\":\"0600\"}",
                    "{\"mode\":\"9\"}",
                    "{\"initial\":4294967296}",
                    "{\"semaphore\":\"yes\"}",
                    "{\"eventfds\":[\"f1\",\"f2\"],\"timeout\":\"1ms\",\"consume\":true}",
                    "{\"eventfds\":[\"f1\",\"f1\"]}",
                    "{\"eventfds\":[]}",
                    "{\"eventfds\":\"f1\"}",
                    "{\"eventfds\":[1],\"timeout\":\"0s\"}",
                    "{\"eventfds\":[\"f3\"],\"mode\":\"all\",\"timeout\":\"1ms\"}",
                    "{\"eventfds\":[\"f3\"],\"mode\":\"some\",\"timeout\":\"1ms\"}",
                    "[".repeat(20_000),
                    "{\"a\":".repeat(5000),
                    "\ufeff{}",
                    "{\"value\":1}//x",
                    "{'value':1}",
                    "{\"value\":0x1}",
                    "{\"value\":01}",
                    "{\"value\":+1}",
                    "{\"value\":NaN}",
                    "x".repeat(65_537),
                    " ".repeat(65_536) + "{}");

    private static final List<byte[]> INSERTIONS =
            List.of(
                    ascii("\r\n"),
                    ascii("\n"),
                    ascii("\r\n\r\n"),
                    ascii("\0"),
                    ascii("{"),
                    ascii("\""),
                    ascii("%"),
                    ascii(" "),
                    ascii("0\r\n\r\n"),
                    ascii("ffffffff\r\n"),
                    ascii("-1\r\n"),
                    new byte[] {(byte) 0xff, (byte) 0xfe},
                    new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
                    ascii("9".repeat(400)));

    private final Random random;

    /** The requests of {@code seed}. */
    public HostileHttp(long seed) {
        random = new Random(seed);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private <T> T any(List<T> some) {
        return some.get(random.nextInt(some.size()));
    }

    /** Whether this time something of {@code probability} is so. */
    public boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    /** The next one, as it goes over the socket. */
    public byte[] next() {
        var body = any(BODIES).getBytes(StandardCharsets.UTF_8);
        var head = new StringBuilder(any(METHODS)).append(' ').append(path()).append(any(QUERIES));
        head.append(
                chance(0.95)
                        ? " HTTP/1.1\r\n"
                        : any(List.of(" HTTP/1.0\r\n", " HTTP/2.0\r\n", "\r\n", " X\r\n")));
        if (chance(0.9)) {
            head.append("Host: x\r\n");
        }
        if (chance(0.7)) {
            head.append("Content-Type: application/json\r\n");
        }
        for (int i = random.nextInt(3); i > 0; i--) {
            head.append(any(HEADERS)).append("\r\n");
        }
        boolean chunked = chance(0.15);
        if (chunked) {
            head.append("Transfer-Encoding: chunked\r\n");
        } else if (chance(0.95)) {
            head.append("Content-Length: ").append(body.length).append("\r\n");
        }
        var request = new ByteArrayOutputStream();
        request.writeBytes(head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8));
        request.writeBytes(chunked ? chunks(body) : body);
        return chance(0.3) ? mutated(request.toByteArray()) : request.toByteArray();
    }

    private String path() {
        if (chance(0.1)) {
            return any(
                    List.of(
                            "/",
                            "*",
                            "",
                            "/v1",
                            "/v2",
                            "/v1/wait",
                            "/health",
                            "/metrics",
                            "/openapi",
                            "http://x/v1",
                            "/v1/eventfds",
                            "//v1",
                            "/v1/../v1",
                            "/%76%31"));
        }
        return chance(0.15) ? "/v1/wait" : "/v1/eventfds/" + any(NAMES) + any(VERBS);
    }

    private byte[] chunks(byte[] body) {
        var out = new ByteArrayOutputStream();
        for (int from = 0; from < body.length; ) {
            int size = Math.min(body.length - from, 1 + random.nextInt(9000));
            out.writeBytes(ascii(Integer.toHexString(size) + (chance(0.1) ? ";x=y" : "") + "\r\n"));
            out.write(body, from, size);
            out.writeBytes(ascii("\r\n"));
            from += size;
        }
        out.writeBytes(ascii(chance(0.9) ? "0\r\n\r\n" : "0\r\nTrailer: x\r\n\r\n"));
        return out.toByteArray();
    }

    private byte[] mutated(byte[] request) {
        var bytes = request;
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            int at = random.nextInt(bytes.length + 1);
            bytes =
                    switch (random.nextInt(4)) {
                        case 0 -> replaced(bytes, at, at, any(INSERTIONS));
                        case 1 ->
                                replaced(
                                        bytes,
                                        at,
                                        Math.min(bytes.length, at + random.nextInt(12)),
                                        new byte[0]);
                        case 2 ->
                                replaced(
                                        bytes,
                                        at,
                                        Math.min(bytes.length, at + 1),
                                        new byte[] {(byte) random.nextInt(256)});
                        default -> Arrays.copyOf(bytes, at);
                    };
        }
        return bytes;
    }

    private static byte[] replaced(byte[] bytes, int from, int to, byte[] with) {
        var out = new ByteArrayOutputStream();
        out.write(bytes, 0, from);
        out.writeBytes(with);
        out.write(bytes, to, bytes.length - to);
        return out.toByteArray();
    }
}
