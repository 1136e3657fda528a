package io.eventfdd.server.http;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.UnixPeer;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.server.http.transport.ClientConnection;
import io.eventfdd.server.http.transport.ConnectionEnd;
import io.eventfdd.server.http.transport.ConnectionLife;
import io.eventfdd.server.http.transport.Timeouts;
import io.eventfdd.server.http.transport.UnixListeners;
import io.eventfdd.server.runtime.ListenerPlace;
import io.eventfdd.server.testing.RawClient;
import io.eventfdd.server.testing.UnixRestAssured;
import io.restassured.specification.RequestSpecification;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A real server on a real socket, with endpoints that do nothing but let themselves be tested. */
final class TestServer implements ConnectionLife, AutoCloseable {
    static {
        UnixListeners.install();
    }

    /** More connections than a test makes. */
    static final int MANY = 1024;

    /** Times that no test waits for. */
    static final Timeouts PATIENT =
            new Timeouts(Duration.ofMinutes(5), Duration.ofSeconds(30), Duration.ofSeconds(60));

    private static final int TOLD = 64;
    private static final int MAX_BODY = 64 * 1024;

    private final Path socket;
    private final ApiServer server;
    private final RequestSpecification http;
    private final BlockingQueue<ClientConnection> begun = new LinkedBlockingQueue<>();
    private final BlockingQueue<Ended> ended = new LinkedBlockingQueue<>();
    private final CountDownLatch released = new CountDownLatch(1);
    private final CountDownLatch entered = new CountDownLatch(1);

    /**
     * A connection's end.
     *
     * @param open whether its socket was still open then
     * @param taken whether all that was sent had been taken, as far as could be known
     */
    record Ended(ClientConnection connection, ConnectionEnd how, boolean open, boolean taken) {}

    private TestServer(Path directory, int maxConnections, Timeouts timeouts) throws IOException {
        socket = directory.resolve("api.sock");
        http = UnixRestAssured.over(socket);
        int gid = Files.exists(directory) ? (int) Files.getAttribute(directory, "unix:gid") : 0;
        server =
                new ApiServer(
                        new ApiServer.Settings(
                                new ListenerPlace(socket, 0660, gid, null, true),
                                false,
                                maxConnections,
                                TOLD,
                                MAX_BODY,
                                timeouts),
                        endpoints(),
                        this,
                        exchange -> {},
                        (exchange, operation, outcome, nanos) -> {});
    }

    private List<Endpoint> endpoints() {
        return List.of(
                new Endpoint(
                        "GET",
                        "/v1",
                        exchange -> exchange.json(200, Json.object().put("version", "test"))),
                new Endpoint("GET", "/v1/eventfds/{name}", TestServer::named),
                new Endpoint("PUT", "/v1/eventfds/{name}", TestServer::named),
                new Endpoint("DELETE", "/v1/eventfds/{name}", Exchange::noContent),
                new Endpoint("POST", "/v1/eventfds/{name}/write", TestServer::echo),
                new Endpoint("GET", "/wait", this::waitForRelease),
                new Endpoint(
                        "GET",
                        "/large",
                        exchange -> exchange.send(200, "text/plain", new byte[4 << 20])),
                new Endpoint(
                        "GET",
                        "/last",
                        exchange -> {
                            exchange.makeLast();
                            exchange.noContent();
                        }),
                new Endpoint(
                        "GET",
                        "/stream",
                        exchange -> {
                            try (var out = exchange.stream("text/event-stream")) {
                                out.write('a');
                                out.flush();
                                out.write('b');
                            }
                        }),
                new Endpoint(
                        "GET",
                        "/bug",
                        exchange -> {
                            throw new IllegalStateException("secret of java.lang");
                        }),
                new Endpoint(
                        "GET",
                        "/late-bug",
                        exchange -> {
                            var out = exchange.stream("text/plain");
                            out.write(new byte[100_000]);
                            out.flush();
                            throw new IllegalStateException("in the middle");
                        }),
                new Endpoint("GET", "/silent", exchange -> {}));
    }

    private static void named(Exchange exchange) {
        var query = exchange.query();
        query.text("timeout");
        query.end();
        exchange.json(
                200, Json.object().put("name", exchange.name()).put("uid", exchange.peer().uid()));
    }

    private static void echo(Exchange exchange) {
        exchange.json(200, Json.object().put("length", exchange.body().length));
    }

    private void waitForRelease(Exchange exchange) throws InterruptedException {
        entered.countDown();
        released.await();
        exchange.noContent();
    }

    /** A server that runs. */
    static TestServer start(Path directory) throws IOException {
        return start(directory, MANY, PATIENT);
    }

    /** A server that runs, with other limits. */
    static TestServer start(Path directory, int maxConnections, Timeouts timeouts)
            throws IOException {
        var test = new TestServer(directory, maxConnections, timeouts);
        test.server.start();
        test.server.admit();
        return test;
    }

    ApiServer server() {
        return server;
    }

    Path socket() {
        return socket;
    }

    RequestSpecification http() {
        return http;
    }

    RawClient connect() throws IOException {
        return RawClient.connect(socket);
    }

    RawClient.Answer exchange(String request) throws IOException {
        return RawClient.exchange(socket, request);
    }

    /** Waits until a handler waits. */
    void awaitWaiting() throws InterruptedException {
        entered.await();
    }

    /** Lets the handlers that wait go on. */
    void release() {
        released.countDown();
    }

    @Override
    public void began(ClientConnection connection) {
        begun.add(connection);
    }

    @Override
    public void ended(ClientConnection connection, ConnectionEnd how) {
        ended.add(
                new Ended(
                        connection,
                        how,
                        connection.channel().isOpen()
                                && Files.exists(Path.of("/proc/self/fd/" + connection.fd())),
                        !connection.wasReset() && hasTakenAll(connection)));
    }

    private static boolean hasTakenAll(ClientConnection connection) {
        try {
            return UnixPeer.taken(Fd.borrow(connection.fd())) == UnixPeer.Taken.ALL;
        } catch (ErrnoException e) {
            throw new AssertionError(e);
        }
    }

    ClientConnection nextBegun() throws InterruptedException {
        return next(begun);
    }

    Ended nextEnded() throws InterruptedException {
        return next(ended);
    }

    private static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
        var next = queue.poll(10, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("nothing came");
        }
        return next;
    }

    /** How many began and did not end, or ended and nobody asked. */
    int endedAndNotAsked() {
        return ended.size();
    }

    @Override
    public void close() {
        server.stop(Duration.ofMillis(100));
    }
}
