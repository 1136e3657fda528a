package io.eventfdd.internal.http;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.eventfdd.internal.http.HeldCalls.Caller;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;

/** The connection of calls whose keys the caller chooses. */
@Timeout(60)
class KeyedCallsTest {
    @TempDir private Path directory;

    @Test
    void aDaemonWhoseKeyLifeCannotBeReadIsNotConnectedTo() throws Exception {
        var socket = directory.resolve("api.sock");
        var body = "{\"limits\":{\"key-life\":\"long\"}}";
        var answer =
                "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s".formatted(body.length(), body);
        try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
                var calls = new KeyedCalls(socket, Duration.ofSeconds(30))) {
            listener.bind(UnixDomainSocketAddress.of(socket));
            var daemon =
                    new Caller<>(() -> {
                        var connection = listener.accept();
                        connection.write(US_ASCII.encode(answer));
                        return connection;
                    });
            assertThatExceptionOfType(KeyedCalls.NotSentException.class).isThrownBy(calls::connect);
            daemon.result().close();
        }
    }
}
