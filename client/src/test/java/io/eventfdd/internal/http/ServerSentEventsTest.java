package io.eventfdd.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;

/** Events out of a stream's bytes, as the standard says. */
class ServerSentEventsTest {
    private static InputStream stream(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(ServerSentEvents.Event event) {
        return event.type() + "=" + new String(event.data(), StandardCharsets.UTF_8);
    }

    @Test
    void eventsHaveATypeAndLinesOfData() throws IOException {
        var events =
                new ServerSentEvents(
                        stream(
                                "event: count\ndata: 1\n\n\n"
                                        + "data:a\r\ndata: b\r\nid: 7\r\n\r\n"
                                        + "event: no data\n\n"
                                        + "nonsense\ndata: c\nevent: é\n\n"));
        assertThat(text(events.next().orElseThrow())).isEqualTo("count=1");
        assertThat(text(events.next().orElseThrow())).isEqualTo("message=a\nb");
        assertThat(text(events.next().orElseThrow())).isEqualTo("é=c");
        assertThatThrownBy(events::next).isInstanceOf(EOFException.class);
    }

    @Test
    void aCommentIsASignOfLife() throws IOException {
        var events = new ServerSentEvents(stream(": still here\n\nevent: x\n:\ndata: 1\n\n"));
        assertThat(events.next()).isEmpty();
        assertThat(events.next()).as("in the middle of an event").isEmpty();
        assertThat(text(events.next().orElseThrow())).isEqualTo("x=1");
    }

    @Test
    void anEventWithoutEndIsRefused() {
        var endless =
                new InputStream() {
                    @Override
                    public int read() {
                        return 'x';
                    }
                };
        assertThatThrownBy(() -> new ServerSentEvents(endless).next())
                .hasMessageContaining("no end");
    }

    /** Wherever a read fails for the moment, the next one goes on there. */
    @Property
    void aReadThatFailsLosesNothing(@ForAll @IntRange(min = 0, max = 30) int after)
            throws IOException {
        var whole = stream("event: count\ndata: {\"count\":12}\n\n");
        var stuttering =
                new InputStream() {
                    private int given;

                    @Override
                    public int read() throws IOException {
                        if (given++ == after) {
                            throw new InterruptedIOException();
                        }
                        return whole.read();
                    }

                    @Override
                    public int read(byte[] bytes, int offset, int length) throws IOException {
                        int next = read();
                        if (next < 0) {
                            return -1;
                        }
                        bytes[offset] = (byte) next;
                        return 1;
                    }
                };
        var events = new ServerSentEvents(stuttering);
        assertThatThrownBy(events::next).isInstanceOf(InterruptedIOException.class);
        assertThat(text(events.next().orElseThrow())).isEqualTo("count={\"count\":12}");
    }
}
