package io.eventfdd.server.testing;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** A client that sends bytes as they are, for HTTP that no library would speak. Its reads block. */
public final class RawClient implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final SocketChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocate(64 * 1024).flip();

    private RawClient(SocketChannel channel) {
        this.channel = channel;
    }

    /** A connected client. */
    public static RawClient connect(Path socket) throws IOException {
        return over(SocketChannel.open(StandardProtocolFamily.UNIX), socket);
    }

    /** A client of a channel that is not connected yet. */
    public static RawClient over(SocketChannel channel, Path socket) throws IOException {
        channel.connect(UnixDomainSocketAddress.of(socket));
        return new RawClient(channel);
    }

    /** A client that is connected to a port of this host. */
    public static RawClient connect(int port) throws IOException {
        return new RawClient(
                SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)));
    }

    /** One exchange on a connection of its own. */
    public static Answer exchange(Path socket, String request) throws IOException {
        return exchange(socket, request.getBytes(StandardCharsets.UTF_8));
    }

    /** One exchange on a connection of its own. */
    public static Answer exchange(Path socket, byte[] request) throws IOException {
        try (var client = connect(socket)) {
            client.send(request);
            return client.answer();
        }
    }

    /** Sends {@code text}; what the server does not take any more is dropped. */
    public RawClient send(String text) {
        return send(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends {@code bytes}; what the server does not take any more is dropped. */
    public RawClient send(byte[] bytes) {
        try {
            var left = ByteBuffer.wrap(bytes);
            while (left.hasRemaining()) {
                channel.write(left);
            }
        } catch (IOException e) {
            // an answer may have come all the same
        }
        return this;
    }

    /** Sends {@code method path} with a body of JSON, or without one where it is empty. */
    public RawClient call(String method, String path, String body) {
        var head =
                method
                        + " "
                        + path
                        + " HTTP/1.1\r\nHost: x\r\nContent-Length: "
                        + body.getBytes(StandardCharsets.UTF_8).length
                        + "\r\n";
        return send(
                head
                        + (body.isEmpty() ? "" : "Content-Type: application/json\r\n")
                        + "\r\n"
                        + body);
    }

    /** The next answer, whole. */
    public Answer answer() throws IOException {
        return answer(true);
    }

    /** The next answer, which has the headers of one with a body, and none. */
    public Answer answerToHead() throws IOException {
        return answer(false);
    }

    /** The next {@code count} bytes. */
    public String read(int count) throws IOException {
        var some = new StringBuilder();
        while (some.length() < count) {
            some.append((char) next());
        }
        return some.toString();
    }

    /** All that comes until the server closes the connection. */
    public String readToTheEnd() throws IOException {
        var all = new StringBuilder();
        for (int b = read(); b >= 0; b = read()) {
            all.append((char) b);
        }
        return all.toString();
    }

    private Answer answer(boolean hasBody) throws IOException {
        var lines = new StringBuilder();
        while (lines.indexOf("\r\n\r\n", lines.length() - 4) < 0) {
            lines.append((char) next());
        }
        var head = lines.toString().lines().toList();
        var headers = new HashMap<String, String>();
        for (var line : head.subList(1, head.size() - 1)) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
        var body = new byte[hasBody ? length : 0];
        for (int i = 0; i < body.length; i++) {
            body[i] = (byte) next();
        }
        return new Answer(
                Integer.parseInt(head.get(0).substring(9, 12)),
                headers,
                new String(body, StandardCharsets.UTF_8));
    }

    /** Returns once something of the next answer has come; all of it is still to be received. */
    public void awaitAnswer() throws IOException {
        channel.configureBlocking(false);
        try (var selector = channel.provider().openSelector()) {
            channel.register(selector, SelectionKey.OP_READ);
            if (selector.select(PATIENCE.toMillis()) == 0) {
                throw new EOFException("nothing came");
            }
        }
        channel.configureBlocking(true);
    }

    private int next() throws IOException {
        int read = read();
        if (read < 0) {
            throw new EOFException("the server closed the connection");
        }
        return read;
    }

    /** The next byte, or -1 at the end. */
    public int read() throws IOException {
        while (!buffer.hasRemaining()) {
            if (channel.read(buffer.clear()) < 0) {
                buffer.flip();
                return -1;
            }
            buffer.flip();
        }
        return buffer.get() & 0xff;
    }

    /**
     * Whether the server has closed the connection, with nothing more to read; waits for either.
     */
    public boolean isAtEnd() {
        try {
            return read() < 0;
        } catch (IOException e) {
            return true;
        }
    }

    /** The socket. */
    public SocketChannel channel() {
        return channel;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /**
     * A whole answer.
     *
     * @param status the status code
     * @param headers by name in lower case
     * @param body as UTF-8
     */
    public record Answer(int status, Map<String, String> headers, String body) {
        /** The header, or nothing. */
        public String header(String name) {
            return headers.getOrDefault(name, "");
        }
    }
}
