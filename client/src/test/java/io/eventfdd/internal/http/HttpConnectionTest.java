package io.eventfdd.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import static java.nio.charset.StandardCharsets.US_ASCII;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/** An answer is an answer once all of it has come. */
@Timeout(60)
class HttpConnectionTest {
    private static final String ANSWER =
            """
            HTTP/1.1 200 OK\r
            Date: Thu, 1 Jan 2026 00:00:00 GMT\r
            Content-Type: application/json\r
            Content-Length: 22\r
            Connection: keep-alive\r
            \r
            {"name":"n","value":7}\
            """;

    @TempDir private Path directory;

    /** The answer to a read, of which the daemon sends {@code bytes} before the connection ends. */
    private HttpAnswer answerOf(String bytes) throws Exception {
        var path = directory.resolve("s");
        try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(path));
            var connection = HttpConnection.open(path, Duration.ofSeconds(30), () -> false);
            try (var daemon = listener.accept()) {
                // It has room in the buffer of the connection, so nobody has to ask first.
                daemon.write(ByteBuffer.wrap(bytes.getBytes(US_ASCII)));
                daemon.shutdownOutput();
                return connection.exchange(HttpCall.get("/"), Duration.ofSeconds(30), false);
            } finally {
                connection.close();
            }
        } finally {
            path.toFile().delete();
        }
    }

    @Test
    void theWholeAnswerIsOne() throws Exception {
        assertThat(HttpDaemon.value(answerOf(ANSWER))).isEqualTo(7);
    }

    @Test
    void anAnswerThatEndsEarlyIsNone() {
        for (int length = 0; length < ANSWER.length(); length++) {
            var beginning = ANSWER.substring(0, length);
            assertThatExceptionOfType(IOException.class)
                    .as(beginning)
                    .isThrownBy(() -> answerOf(beginning));
        }
    }

    /** That of HttpComponents is one of TCP, unless all that it is asked for has an answer. */
    @Test
    void aConnectionIsOneSocketAndLeavesNone() throws Exception {
        assertThat(HttpDaemon.value(answerOf(ANSWER))).isEqualTo(7); // the JVM has its own by now
        var path = directory.resolve("s");
        try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(path));
            var before = sockets();
            var connection = HttpConnection.open(path, Duration.ofSeconds(30), () -> false);
            try (var daemon = listener.accept()) {
                daemon.write(ByteBuffer.wrap(ANSWER.getBytes(US_ASCII)));
                connection.exchange(HttpCall.get("/"), Duration.ofSeconds(30), false);
                assertThat(openedSince(before)).as("this end, and the other one").hasSize(2);
            } finally {
                connection.close();
            }
            assertThat(openedSince(before)).isEmpty();
        }
    }

    private static Set<String> openedSince(Set<String> before) throws IOException {
        var opened = sockets();
        opened.removeAll(before);
        return opened;
    }

    /** The sockets of this process, as /proc names them. */
    private static Set<String> sockets() throws IOException {
        try (var links = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            var found = new HashSet<String>();
            for (var link : links) {
                try {
                    found.add(Files.readSymbolicLink(link).toString());
                } catch (NoSuchFileException e) {
                    // It was that of the directory, or is closed by now.
                }
            }
            found.removeIf(target -> !target.startsWith("socket:"));
            return found;
        }
    }
}
