package io.eventfdd.server.http.transport;

import io.eventfdd.client.Problem;
import io.eventfdd.server.http.ApiServer;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/**
 * A connection of Helidon for HTTP/1.1 that reports its beginning and its end, and whose end the
 * daemon decides.
 */
public final class WatchedConnection implements ServerConnection {
    private static final System.Logger LOGGER = System.getLogger(WatchedConnection.class.getName());
    private static final ScopedValue<WatchedConnection> CURRENT = ScopedValue.newInstance();

    /**
     * How much, and for how long, is read and thrown away so that a client in the middle of sending
     * can read our answer. It ends when {@link Connections} next looks at the deadlines after that.
     */
    private static final int LINGER_BYTES = 1 << 20;

    private static final Duration LINGER = Duration.ofSeconds(1);

    private final Connections connections;
    private final ClientConnection client;
    private final RequestBytes requests;
    private final WatchedContext context;
    private final ServerConnection http;
    private boolean unread;

    WatchedConnection(
            Connections connections,
            ClientConnection client,
            ConnectionContext helidon,
            ServerConnectionSelector http1) {
        this.connections = connections;
        this.client = client;
        this.requests =
                new RequestBytes(
                        helidon.serverSocket(),
                        client,
                        connections::timeouts,
                        connections::isEnding);
        this.context =
                new WatchedContext(
                        helidon,
                        new RequestReader(requests),
                        new ResponseBytes(
                                helidon.dataWriter(),
                                client,
                                connections::timeouts,
                                requests::isHttp10));
        this.http = http1.connection(context);
    }

    /** The connection whose virtual thread this is. */
    public static WatchedConnection current() {
        return CURRENT.get();
    }

    public ClientConnection client() {
        return client;
    }

    /** Bytes of a request may be left that nobody will read. */
    public void leavesUnread() {
        unread = true;
    }

    /**
     * Whether the request that is here is one of HTTP/1.0. Its answer ends the connection, and is
     * not in chunks.
     */
    public boolean isHttp10() {
        return requests.isHttp10();
    }

    /** Whether the method of the request that is here came without a small letter. */
    public boolean isMethodInCapitals() {
        return requests.isMethodInCapitals();
    }

    /** What is wrong with the head of {@code request}, which came last, if something is. */
    public Optional<Problem> faultOf(ServerRequest request) {
        return RequestHead.fault(request, isHttp10());
    }

    /**
     * Sends {@code head}, and then what is written, until the connection ends. Each {@code flush}
     * sends what there is.
     */
    public OutputStream answerToTheEnd(String head) throws IOException {
        var out = new BufferedOutputStream(new Raw(context.dataWriter()));
        out.write(head.getBytes(StandardCharsets.US_ASCII));
        return out;
    }

    /** Bytes for the client as they are. */
    private static final class Raw extends OutputStream {
        private final DataWriter socket;

        Raw(DataWriter socket) {
            this.socket = socket;
        }

        @Override
        public void write(int b) {
            socket.writeNow(BufferData.create(new byte[] {(byte) b}));
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            socket.writeNow(BufferData.create(Arrays.copyOfRange(bytes, offset, offset + length)));
        }
    }

    /** A request has come, and is about to be carried out. */
    public void requested() {
        connections.life().requested(client);
    }

    /** A request is answered, and its body was read. */
    public void answered() {
        requests.answered(context.dataReader().available());
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
        if (!connections.enter(client)) {
            refuse();
            return;
        }
        try {
            connections.life().began(client);
            try {
                ScopedValue.where(CURRENT, this)
                        .call(() -> {
                            http.handle(limit);
                            return client;
                        });
                client.endsAs(ConnectionEnd.CLOSED_BY_US);
            } catch (CloseConnectionException e) {
                client.endsAs(ConnectionEnd.CLOSED_BY_US);
                throw e;
            } finally {
                connections.life().ended(client, client.end());
            }
            linger();
        } finally {
            connections.leave(client);
        }
    }

    /** Tells a client above the limit so, whatever it asks for. */
    private void refuse() {
        try {
            context.dataWriter().writeNow(BufferData.create(connections.refusal()));
            unread = true;
            linger();
        } catch (UncheckedIOException e) {
            LOGGER.log(Level.DEBUG, "{0} is over the limit and gone", client);
        } finally {
            connections.leave(client);
        }
    }

    /**
     * Closing with bytes unread makes the client's next write fail, and some clients then never
     * read the answer.
     */
    private void linger() {
        if (!unread || client.end() == ConnectionEnd.RESET) {
            return;
        }
        client.within(System.nanoTime() + LINGER.toNanos(), ClientConnection.Doing.RECEIVING);
        try {
            client.channel().shutdownOutput();
            var waste = ByteBuffer.allocate(8192);
            for (int left = LINGER_BYTES, n = 0; left > 0 && n >= 0; left -= n) {
                n = client.channel().read(waste.clear());
            }
        } catch (IOException e) {
            LOGGER.log(
                    Level.DEBUG,
                    "{0} went while we waited for it to go: {1}",
                    client,
                    e.getMessage());
        } finally {
            client.inTime();
        }
    }

    /** Returns zero, because Helidon counts idle time from the wrong moment. */
    @Override
    public Duration idleTime() {
        return Duration.ZERO;
    }

    /**
     * Does nothing: Helidon's way is an interrupt, which would close the channel at once, before
     * {@link ConnectionLife#ended}. {@link ApiServer#stop} has ended all of them before Helidon
     * comes here.
     */
    @Override
    public void close(boolean interrupt) {}
}
