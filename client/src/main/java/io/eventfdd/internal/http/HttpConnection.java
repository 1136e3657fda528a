package io.eventfdd.internal.http;

import io.eventfdd.client.EventfddException;
import io.eventfdd.client.LimitException;
import io.eventfdd.internal.Failures;

import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpStatus;
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
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * One connection to {@code api.sock}. One thread at a time calls; any thread may {@link #abort} it.
 */
public final class HttpConnection {
    private static final DefaultBHttpClientConnectionFactory CONNECTIONS =
            DefaultBHttpClientConnectionFactory.builder()
                    .responseOutOfOrderStrategy(NoResponseOutOfOrderStrategy.INSTANCE)
                    .build();
    private static final HttpRequestExecutor EXECUTOR = new HttpRequestExecutor();

    /** Far less than the shortest idle-timeout that a daemon can have. */
    private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /** Differences of nanoTime can express at most 292 years. */
    private static final long LONGEST_NANOS = Long.MAX_VALUE / 4;

    private final UnixSocket socket;
    private final DefaultBHttpClientConnection connection;

    private boolean reusable = true;
    private long lastUse = System.nanoTime();

    private HttpConnection(UnixSocket socket, DefaultBHttpClientConnection connection) {
        this.socket = socket;
        this.connection = connection;
    }

    /**
     * Connects to the daemon. An interrupt ends the attempt.
     *
     * @param patience how long the daemon may take to accept the connection
     * @param unwanted whether nobody wants the connection any more, which ends the attempt too
     */
    public static HttpConnection open(Path path, Duration patience, BooleanSupplier unwanted)
            throws IOException {
        var socket = UnixSocket.connect(path, patience, unwanted);
        try {
            return new HttpConnection(socket, CONNECTIONS.createConnection(socket));
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * Sends the call and receives the whole answer.
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

    /**
     * Sends a call whose answer has no end. The body is received as the caller reads it, each time
     * within {@link #waitUpTo}. A problem is thrown. Afterwards the connection cannot be used for
     * other calls.
     *
     * @param patience how long the beginning of the answer may take
     */
    public InputStream stream(HttpCall call, Duration patience) throws IOException {
        reusable = false;
        waitUpTo(patience.toNanos());
        try {
            var request = request(call);
            var response = EXECUTOR.execute(request, connection, HttpCoreContext.create());
            var entity = response.getEntity();
            if (response.getCode() == HttpStatus.SC_OK && entity != null) {
                return entity.getContent();
            }
            var answer = answer(response);
            answer.check();
            throw new IOException("not a stream: HTTP " + answer.status());
        } catch (HttpException e) {
            throw new IOException("not HTTP: " + e.getMessage(), e);
        } finally {
            waitNoLonger();
        }
    }

    /**
     * Limits each wait of the stream to {@code nanos} from now on. An interrupt ends such a wait.
     */
    public void waitUpTo(long nanos) {
        socket.begin(System.nanoTime() + Math.min(nanos, LONGEST_NANOS), true);
    }

    /** The exception if a connection to {@code socket} cannot be made because of {@code cause}. */
    public static EventfddException failure(Path socket, IOException cause) {
        return cause instanceof UnixSocket.NoDescriptorException
                ? new LimitException(cause.getMessage() + " (EMFILE)", null, cause)
                : Failures.unavailable(socket, cause);
    }

    /** After {@link #waitUpTo}. */
    public void waitNoLonger() {
        socket.end();
    }

    private static ClassicHttpRequest request(HttpCall call) {
        var request = new BasicClassicHttpRequest(call.method(), call.path());
        request.setHeader(HttpHeaders.HOST, "localhost");
        call.headers().forEach(request::setHeader);
        var body = call.body();
        if (body != null) {
            request.setHeader(HttpHeaders.CONTENT_TYPE, "application/json");
            request.setHeader(HttpHeaders.CONTENT_LENGTH, body.length);
            request.setEntity(new ByteArrayEntity(body, ContentType.APPLICATION_JSON));
        }
        return request;
    }

    private static HttpAnswer answer(ClassicHttpResponse response) throws IOException {
        var entity = response.getEntity();
        var bytes = entity == null ? new byte[0] : EntityUtils.toByteArray(entity);
        var keys = response.getFirstHeader("Eventfdd-Keys");
        return new HttpAnswer(response.getCode(), bytes, keys == null ? "" : keys.getValue());
    }

    /**
     * Throws if the head does not say where the body ends: the connection has then ended within the
     * head, which HttpComponents takes for the end of the head.
     */
    private static void checkIsWhole(ClassicHttpResponse response) throws IOException {
        var entity = response.getEntity();
        if (entity != null && entity.getContentLength() < 0 && !entity.isChunked()) {
            throw new IOException("the answer ended within its head");
        }
    }

    private HttpAnswer exchange(HttpCall call) throws IOException, HttpException {
        var request = request(call);
        var context = HttpCoreContext.create();
        try (ClassicHttpResponse response = EXECUTOR.execute(request, connection, context)) {
            checkIsWhole(response);
            var answer = answer(response);
            reusable =
                    DefaultConnectionReuseStrategy.INSTANCE.keepAlive(request, response, context);
            return answer;
        }
    }

    /** Whether another call may be made on it later. */
    boolean isReusable() {
        return reusable && !socket.isAborted();
    }

    /** Whether this connection was used so recently that the daemon cannot be about to close it. */
    boolean isFresh() {
        return System.nanoTime() - lastUse < FRESH_NANOS;
    }

    /**
     * Ends the current call, unless the whole answer has arrived already, because the daemon then
     * counts it as taken.
     */
    public void abort() {
        socket.abort();
    }

    /**
     * Whether the daemon has closed the connection, or it cannot be used. It must be called only
     * while no call is under way.
     */
    boolean hasEnded() {
        return socket.hasEnded();
    }

    boolean isAborted() {
        return socket.isAborted();
    }

    /** Closes the connection, after all calls. */
    public void close() {
        connection.close(CloseMode.IMMEDIATE);
    }
}
