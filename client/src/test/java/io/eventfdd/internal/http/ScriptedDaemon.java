package io.eventfdd.internal.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * What a daemon says on {@code api.sock}, or one daemon after the other, as a test wants it. Each
 * connection has a thread of its own.
 */
final class ScriptedDaemon implements AutoCloseable {
    /** The script. */
    @FunctionalInterface
    interface Script {
        /** The answer to {@code request}, or one of the two below. */
        String answerTo(String request) throws InterruptedException;
    }

    /** Leaves a request without an answer. */
    static final String NONE = "none";

    /** Ends the connection. */
    static final String END = "end";

    private final Script script;
    private final ServerSocketChannel listener;
    private final List<SocketChannel> connections = new CopyOnWriteArrayList<>();

    /** Listens on {@code socket}. */
    ScriptedDaemon(Path socket, Script script) throws IOException {
        this.script = script;
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(socket));
        inBackground(this::accept);
    }

    /** An answer with a body in JSON, by a daemon whose keys have the origin {@code keys}. */
    static String answer(int status, String keys, String body) {
        return "HTTP/1.1 %d X\r\nEventfdd-Keys: %s\r\nContent-Length: %d\r\n\r\n%s"
                .formatted(status, keys, body.length(), body);
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
        try (connection) {
            while (connection.read(buffer.clear()) >= 0) {
                var answer = script.answerTo(US_ASCII.decode(buffer.flip()).toString());
                if (answer.equals(END)) {
                    return;
                }
                if (!answer.equals(NONE)) {
                    connection.write(US_ASCII.encode(answer));
                }
            }
        } catch (IOException | InterruptedException e) {
            // ended
        }
    }

    /** How many connections there were. */
    int connections() {
        return connections.size();
    }

    /** Ends all connections. */
    void endConnections() throws IOException {
        for (var connection : connections) {
            connection.close();
        }
    }

    /** Listens no more; the connections go on. */
    void stopListening() throws IOException {
        listener.close();
    }

    @Override
    public void close() throws IOException {
        stopListening();
        endConnections();
    }
}
