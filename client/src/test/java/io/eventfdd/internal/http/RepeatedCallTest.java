package io.eventfdd.internal.http;

import static io.eventfdd.internal.http.HeldCalls.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.EventfdName;
import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.http.HeldCalls.Caller;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;

/** A write is carried out once, or its caller learns that this is not known. */
@Timeout(60)
class RepeatedCallTest {
    private static final EventfdName A = new EventfdName("a");
    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir private Path directory;

    private Daemons daemons;
    private HttpDaemon http;

    @BeforeEach
    void start() throws IOException {
        var socket = directory.resolve("api.sock");
        daemons = new Daemons(socket);
        http = new HttpDaemon(socket, LONG, LONG);
    }

    @AfterEach
    void stop() throws IOException {
        http.close();
        daemons.close();
    }

    /** One daemon after the other on a socket. The first one answers no write. */
    private static final class Daemons implements AutoCloseable {
        private final ServerSocketChannel listener;
        private final List<SocketChannel> connections = new CopyOnWriteArrayList<>();
        private final List<String> writes = new CopyOnWriteArrayList<>();

        /** The origin of the keys of the daemon that serves. */
        private volatile String keys = "one";

        Daemons(Path socket) throws IOException {
            listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            listener.bind(UnixDomainSocketAddress.of(socket));
            inBackground(this::accept);
        }

        private static void inBackground(Runnable task) {
            var thread = new Thread(task, "daemon");
            thread.setDaemon(true);
            thread.start();
        }

        private void accept() {
            try {
                while (true) {
                    var connection = listener.accept();
                    connections.add(connection);
                    inBackground(() -> serve(connection));
                }
            } catch (IOException e) {
                // closed
            }
        }

        private void serve(SocketChannel connection) {
            var buffer = ByteBuffer.allocate(65536);
            try {
                while (connection.read(buffer.clear()) >= 0) {
                    var request = US_ASCII.decode(buffer.flip()).toString();
                    var path = request.split(" ", 3)[1];
                    if (path.endsWith("/write")) {
                        writes.add(path);
                        if (keys.equals("one")) {
                            continue;
                        }
                    }
                    var answer =
                            "HTTP/1.1 200 OK\r\nEventfdd-Keys: %s\r\nContent-Length: 2\r\n\r\n{}"
                                    .formatted(keys);
                    connection.write(US_ASCII.encode(answer));
                }
            } catch (IOException e) {
                // killed
            }
        }

        /** Kills the daemon. The next one does not know its keys. */
        void kill() throws IOException {
            keys = "two";
            for (var connection : connections) {
                connection.close();
            }
        }

        @Override
        public void close() throws IOException {
            kill();
            listener.close();
        }
    }

    @Test
    void anInterruptDoesNotSendAWriteInDoubtToTheNextDaemon() throws Exception {
        var write =
                new Caller<>(() -> {
                    http.write(A, 1);
                    return true;
                });
        until(() -> !daemons.writes.isEmpty());
        write.thread().interrupt();
        until(() -> !write.thread().isInterrupted());
        daemons.kill();
        assertIsInDoubt(write);
    }

    /** A write that its daemon does not answer. */
    private Caller<Boolean> begunWrite() {
        var write = new Caller<>(() -> http.write(A, 1, Deadline.in(LONG), new CallHandle()));
        until(() -> !daemons.writes.isEmpty());
        return write;
    }

    @Test
    void anInterruptEndsAWriteThatItsDaemonHasNotCarriedOut() {
        var write = begunWrite();
        write.thread().interrupt();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(write::result)
                .withCauseInstanceOf(InterruptedException.class);
    }

    @Test
    void ifAnotherDaemonServesByThenAnInterruptedWriteIsInDoubt() {
        var write = begunWrite();
        daemons.keys = "two";
        write.thread().interrupt();
        assertIsInDoubt(write);
    }

    @Test
    void ifNoDaemonServesByThenAnInterruptedWriteIsInDoubt() throws Exception {
        var write = begunWrite();
        daemons.listener.close();
        write.thread().interrupt();
        assertIsInDoubt(write);
    }

    @Test
    void anInterruptThatCameBeforeACallAsksNoDaemon() {
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class)
                .isThrownBy(() -> http.read(A, Deadline.in(Duration.ZERO), new CallHandle()));
        assertThat(daemons.connections).isEmpty();
    }

    private void assertIsInDoubt(Caller<Boolean> write) {
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(write::result)
                .withCauseInstanceOf(ConnectionLostException.class);
        assertThat(daemons.writes).hasSize(1);
    }
}
