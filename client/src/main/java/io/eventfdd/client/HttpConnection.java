package io.eventfdd.client;

import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.impl.DefaultConnectionReuseStrategy;
import org.apache.hc.core5.http.impl.io.DefaultBHttpClientConnection;
import org.apache.hc.core5.http.impl.io.DefaultBHttpClientConnectionFactory;
import org.apache.hc.core5.http.impl.io.HttpRequestExecutor;
import org.apache.hc.core5.http.impl.io.NoResponseOutOfOrderStrategy;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;
import org.apache.hc.core5.http.protocol.HttpCoreContext;
import org.apache.hc.core5.io.CloseMode;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** One connection to {@code api.sock}. One thread at a time calls; any may {@link #abort} it. */
final class HttpConnection {
    private static final DefaultBHttpClientConnectionFactory CONNECTIONS =
            DefaultBHttpClientConnectionFactory.builder()
                    .responseOutOfOrderStrategy(NoResponseOutOfOrderStrategy.INSTANCE)
                    .build();
    private static final HttpRequestExecutor EXECUTOR = new HttpRequestExecutor();

    /** Far less than the shortest idle-timeout that a daemon can have. */
    private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final UnixSocket socket;
    private final DefaultBHttpClientConnection connection;

    private boolean reusable = true;
    private long lastUse = System.nanoTime();

    private HttpConnection(UnixSocket socket, DefaultBHttpClientConnection connection) {
        this.socket = socket;
        this.connection = connection;
    }

    static HttpConnection open(Path path) throws IOException {
        var socket = UnixSocket.connect(path);
        try {
            return new HttpConnection(socket, CONNECTIONS.createConnection(socket));
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * Sends the call and receives all of the answer.
     *
     * @param patience how long that may take
     * @param interruptible whether an interrupt ends it
     * @throws UnixSocket.NotSentException if the daemon did not get it
     */
    HttpAnswer exchange(HttpCall call, Duration patience, boolean interruptible)
            throws IOException {
        reusable = false;
        socket.begin(System.nanoTime() + patience.toNanos(), interruptible);
        try {
            return exchange(call);
        } catch (HttpException e) {
            throw new IOException("not HTTP: " + e.getMessage(), e);
        } finally {
            lastUse = System.nanoTime();
            socket.end();
        }
    }

    private HttpAnswer exchange(HttpCall call) throws IOException, HttpException {
        var request = new BasicClassicHttpRequest(call.method(), call.path());
        request.setHeader(HttpHeaders.HOST, "localhost");
        call.headers().forEach(request::setHeader);
        var body = call.body();
        if (body != null) {
            request.setHeader(HttpHeaders.CONTENT_TYPE, "application/json");
            request.setHeader(HttpHeaders.CONTENT_LENGTH, body.length);
            request.setEntity(new ByteArrayEntity(body, ContentType.APPLICATION_JSON));
        }
        var context = HttpCoreContext.create();
        try (ClassicHttpResponse response = EXECUTOR.execute(request, connection, context)) {
            var entity = response.getEntity();
            var bytes = entity == null ? new byte[0] : EntityUtils.toByteArray(entity);
            reusable =
                    DefaultConnectionReuseStrategy.INSTANCE.keepAlive(request, response, context);
            var keys = response.getFirstHeader("Eventfdd-Keys");
            return new HttpAnswer(response.getCode(), bytes, keys == null ? "" : keys.getValue());
        }
    }

    /** Whether another call may be made on it later. */
    boolean isReusable() {
        return reusable && !socket.isAborted();
    }

    /** Whether it was used so shortly ago that the daemon does not think of closing it. */
    boolean isFresh() {
        return System.nanoTime() - lastUse < FRESH_NANOS;
    }

    /**
     * Ends the call that is under way, unless all of its answer is there already: to the daemon
     * that is taken then.
     */
    void abort() {
        socket.abort();
    }

    boolean isAborted() {
        return socket.isAborted();
    }

    /** Closes it, after all calls. */
    void close() {
        connection.close(CloseMode.IMMEDIATE);
    }
}
