package io.eventfdd.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.client.EventfddException;
import io.eventfdd.client.LimitException;
import io.eventfdd.internal.linux.OpenFileLimit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;

/** A process that has no descriptor left for a connection. */
@Timeout(300)
class FewDescriptorsTest {
    private static final Duration LONG = Duration.ofMinutes(10);

    /** No daemon is to blame for it, and its backlog is not full. */
    @Test
    void isToldThatThisLimitIsReached(@TempDir Path directory) throws Exception {
        var path = directory.resolve("api.sock");
        try (var http = new HttpDaemon(path, LONG, Duration.ZERO)) {
            // To load a class takes a descriptor, so those of the failure are loaded before.
            assertThat(failure(http)).isInstanceOf(DaemonUnavailableException.class);
            var cause = new UnixSocket.NoDescriptorException(new IOException("no file"));
            assertThat(HttpConnection.failure(path, cause)).isInstanceOf(LimitException.class);
            EventfddException failure;
            try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                listener.bind(UnixDomainSocketAddress.of(path));
                var limit = OpenFileLimit.afterOneMore();
                try {
                    failure = failure(http);
                } finally {
                    limit.close();
                }
            }
            assertThat(failure).isInstanceOf(LimitException.class).hasMessageContaining("EMFILE");
        }
    }

    private static EventfddException failure(HttpDaemon http) {
        try {
            throw new AssertionError(http.info());
        } catch (EventfddException e) {
            return e;
        }
    }
}
