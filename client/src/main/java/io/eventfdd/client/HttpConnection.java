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
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** One connection to {@code api.sock}. One thread at a time calls; any may {@link #abort} it. */
final class HttpConnection {
    private static final DefaultBHttpClientConnectionFactory CONNECTIONS =
            DefaultBHttpClientConnectionFactory.builder()
                    .responseOutOfOrderStrategy(NoResponseOutOfOrderStrategy.INSTANCE)
                    .build();
    private static final HttpRequestExecutor EXECUTOR = new HttpRequestExecutor();

    private final UnixSocket socket;
    private final DefaultBHttpClientConnection connection;

    /** Tells this daemon's socket from that of the next one. */
    private final @Nullable Object socketFile;

    private boolean reusable = true;
    private volatile boolean aborted;

    private HttpConnection(
            UnixSocket socket,
            DefaultBHttpClientConnection connection,
            @Nullable Object socketFile) {
        this.socket = socket;
        this.connection = connection;
        this.socketFile = socketFile;
    }

    static HttpConnection open(Path path) throws IOException {
        var file = fileKey(path);
        var socket = UnixSocket.connect(path);
        try {
            return new HttpConnection(socket, CONNECTIONS.createConnection(socket), file);
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static @Nullable Object fileKey(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    }

    /** Whether the socket at {@code path} is still the one that this connected to. */
    boolean isOfDaemonAt(Path path) {
        try {
            var file = fileKey(path);
            return file != null && file.equals(socketFile);
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Sends the call and receives all of the answer.
     *
     * @param patience how long the answer may take; the call fails then as with {@link #abort}
     * @throws UnixSocket.NotSentException if the daemon did not get it
     */
    HttpAnswer exchange(HttpCall call, Duration patience) throws IOException {
        reusable = false;
        var alarm = new CompletableFuture<Void>();
        var unused =
                alarm.orTimeout(patience.toNanos(), TimeUnit.NANOSECONDS)
                        .whenComplete((none, late) -> {
                            if (late != null) {
                                abort();
                            }
                        });
        try {
            return exchange(call);
        } catch (HttpException e) {
            throw new IOException("not HTTP: " + e.getMessage(), e);
        } finally {
            if (!alarm.complete(null)) {
                reusable = false;
            }
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
            return new HttpAnswer(response.getCode(), bytes);
        }
    }

    /** Whether another call may be made on it. */
    boolean isReusable() {
        return reusable && !socket.isClosed();
    }

    /** Ends the call that is under way, and the connection. */
    void abort() {
        aborted = true;
        close();
    }

    boolean isAborted() {
        return aborted;
    }

    void close() {
        connection.close(CloseMode.IMMEDIATE);
    }
}
