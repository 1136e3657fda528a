package io.eventfdd.internal.http;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Parses events from the bytes of a stream. If a read fails temporarily, because of a time limit or
 * an interrupt, the part of an event that was received is kept.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">Server-sent
 *     events</a>
 */
public final class ServerSentEvents {
    /**
     * One event.
     *
     * @param data its lines, with a line feed between
     */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares events
    public record Event(String type, byte[] data) {}

    /** The longest event. It is far longer than any of the daemon's, and limits one that is not. */
    private static final int LONGEST = 1 << 20;

    private final InputStream in;
    private final byte[] received = new byte[1024];
    private int at;
    private int end;

    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private String type = "";
    private boolean hasData;

    public ServerSentEvents(InputStream in) {
        this.in = in;
    }

    /** The next event; empty if a comment came first. */
    public Optional<Event> next() throws IOException {
        while (true) {
            var text = line();
            if (text.isEmpty()) {
                if (hasData) {
                    return Optional.of(event());
                }
                type = "";
            } else if (text.startsWith(":")) {
                return Optional.empty();
            } else {
                field(text);
            }
        }
    }

    private Event event() {
        var event = new Event(type.isEmpty() ? "message" : type, data.toByteArray());
        type = "";
        hasData = false;
        data.reset();
        return event;
    }

    private void field(String text) {
        int colon = text.indexOf(':');
        var field = colon < 0 ? text : text.substring(0, colon);
        var value = colon < 0 ? "" : text.substring(colon + 1);
        if (value.startsWith(" ")) {
            value = value.substring(1);
        }
        switch (field) {
            case "event" -> type = value;
            case "data" -> {
                if (hasData) {
                    data.write('\n');
                }
                data.writeBytes(value.getBytes(StandardCharsets.UTF_8));
                hasData = true;
            }
            // The fields id and retry are for clients that connect again.
            default -> {}
        }
    }

    /** A line without its end, which is a line feed, with a carriage return before it or not. */
    private String line() throws IOException {
        for (int next = read(); next != '\n'; next = read()) {
            if (line.size() + data.size() > LONGEST) {
                throw new IOException("an event that has no end");
            }
            line.write(next);
        }
        var text = line.toString(StandardCharsets.UTF_8);
        line.reset();
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }

    private int read() throws IOException {
        if (at == end) {
            int count = in.read(received);
            if (count < 0) {
                throw new EOFException("the stream ended");
            }
            at = 0;
            end = count;
        }
        return received[at++] & 0xff;
    }
}
