package io.eventfdd.server.http.transport;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.http.DirectHandler;
import io.helidon.http.RequestException;
import io.helidon.http.Status;

import org.jspecify.annotations.Nullable;

import java.util.HexFormat;
import java.util.function.Supplier;

/**
 * What Helidon's parser reads the requests of a connection from, on the connection's thread.
 *
 * <p>The parser reads a whole line in one place only: the size before each chunk of a body, and the
 * empty line after the last chunk. It has no bound for them, and knows neither chunk extensions nor
 * trailer fields. A client may send both, and whoever does not know them has to leave them out (RFC
 * 9112, 7.1). Here a line has a bound, and the parser sees neither. Here also a size is hexadecimal
 * digits and nothing else, and a chunk ends with a line end.
 */
final class RequestReader extends DataReader {
    /** How long the line of a size may be, and how long all trailer fields together. */
    private static final int LONGEST = 8 * 1024;

    private boolean lastChunk;

    /** The size of a chunk was read, and the chunk itself comes next. */
    private boolean beforeChunk;

    /**
     * Creates the reader of {@code bytes}. Helidon deprecates its constructor in favour of a method
     * that creates what cannot be extended.
     */
    @SuppressWarnings("removal")
    RequestReader(Supplier<byte @Nullable []> bytes) {
        super(bytes);
    }

    @Override
    public String readLine() {
        if (lastChunk) {
            lastChunk = false;
            return lineAfterTrailer();
        }
        var size = withoutExtension(line(LONGEST));
        if (size.isEmpty() || !size.chars().allMatch(HexFormat::isHexDigit)) {
            throw bad("the size of a chunk of the body is not a hexadecimal number");
        }
        lastChunk = size.chars().allMatch(digit -> digit == '0');
        beforeChunk = !lastChunk;
        return size;
    }

    /** The next {@code length} bytes: a chunk of a body, or a part of a body without chunks. */
    @Override
    public BufferData readBuffer(int length) {
        var bytes = super.readBuffer(length);
        if (beforeChunk) {
            beforeChunk = false;
            if (!startsWithNewLine()) {
                throw bad("a chunk of the body does not end where its size says");
            }
        }
        return bytes;
    }

    private String lineAfterTrailer() {
        int left = LONGEST;
        var line = line(left);
        while (line.indexOf(':') > 0) {
            left -= line.length() + 2;
            line = line(Math.max(left, 1));
        }
        return line;
    }

    private static String withoutExtension(String line) {
        int extension = line.indexOf(';');
        return (extension < 0 ? line : line.substring(0, extension)).strip();
    }

    private String line(int longest) {
        int length = findNewLine(longest);
        if (length >= longest) {
            throw bad("a line between the chunks of the body is too long");
        }
        var line = readAsciiString(length);
        skip(2);
        return line;
    }

    private static RequestException bad(String why) {
        return RequestException.builder()
                .type(DirectHandler.EventType.BAD_REQUEST)
                .status(Status.BAD_REQUEST_400)
                .message(why)
                .setKeepAlive(false)
                .build();
    }
}
