package io.eventfdd.server.http;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.wire.ProblemDocument;
import io.eventfdd.server.http.transport.ApiListener;
import io.eventfdd.server.http.transport.ConnectionLife;
import io.eventfdd.server.http.transport.Connections;
import io.eventfdd.server.http.transport.Helidon;
import io.eventfdd.server.http.transport.PatientListener;
import io.eventfdd.server.http.transport.Timeouts;
import io.eventfdd.server.http.transport.UnixListeners;
import io.eventfdd.server.runtime.ListenerPlace;
import io.helidon.webserver.WebServer;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * The HTTP server on {@code api.sock}. One thread starts and stops it, once each. Any thread may
 * call the rest.
 *
 * <p>The process has to call {@link UnixListeners#install} before anything else.
 */
public final class ApiServer {
    private static final System.Logger LOGGER = System.getLogger(ApiServer.class.getName());

    /** The greatest size of a body in bytes that can be set. Nothing beyond it is even read. */
    public static final int MOST_BODY = 64 * 1024;

    /**
     * The greatest number of connections that are accepted only to be told that there are too many.
     */
    public static final int MOST_TOLD = 64;

    /** The listener, its reserve for accept, and a scratch socket while a listener is adopted. */
    private static final int LISTENING = 3;

    /**
     * The path that Helidon is told. Nothing is ever there: Helidon removes the file when it stops,
     * and the socket may belong to another daemon by then.
     */
    private static final String NOWHERE = "helidon";

    private static final Duration AFTER_HANG_UP = Duration.ofMillis(1500);

    private final Settings settings;
    private final Routes routes;
    private final Consumer<? super Exchange> first;
    private final CallObserver observer;
    private final Connections connections;
    private final byte[] refusal;
    private volatile int maxBody;
    private volatile boolean stopping;

    /** Null before the start and after the stop. */
    private volatile @Nullable Running running;

    /** The parts that exist between start and stop. */
    private record Running(ApiListener listener, WebServer helidon) {}

    /**
     * The number of descriptors that a server needs besides those of {@code max-connections}.
     *
     * @param told connections that are there only to be told that there are too many
     */
    public static int descriptors(int told) {
        return LISTENING + told;
    }

    /**
     * Creates a server, which does not listen yet.
     *
     * @param endpoints the table of calls; two rows of one path and method are an {@link
     *     IllegalArgumentException}
     * @param life is told of each connection
     * @param first acts on what a request says beside its call, before that
     * @param observer is told of each call
     */
    public ApiServer(
            Settings settings,
            List<Endpoint> endpoints,
            ConnectionLife life,
            Consumer<? super Exchange> first,
            CallObserver observer) {
        this.first = first;
        this.observer = observer;
        this.settings = settings;
        this.maxBody = settings.maxBody();
        this.routes = new Routes(endpoints);
        this.refusal = refusal(settings.maxConnections());
        this.connections =
                new Connections(settings.maxConnections(), settings.timeouts(), life, refusal);
    }

    /**
     * The settings of the server.
     *
     * @param place the address of the socket
     * @param refuseDescriptors whether the kernel refuses descriptors that clients send; otherwise
     *     it drops them when the data that came with them is read
     * @param maxConnections how many clients may be connected; any more are told so, and their
     *     connections are closed
     * @param told how many more may be connected at a time, until they have been told
     * @param maxBody bytes of a request's body
     * @param timeouts how long a connection may take
     */
    public record Settings(
            ListenerPlace place,
            boolean refuseDescriptors,
            int maxConnections,
            int told,
            int maxBody,
            Timeouts timeouts) {
        private Path socket() {
            return place.path();
        }
    }

    /**
     * Starts to listen. Clients that connect are served once they are {@linkplain #admit admitted}.
     *
     * @throws IOException that names the step that failed and the path; nothing is left behind then
     */
    public void start() throws IOException {
        Helidon.quiet();
        try {
            var listener =
                    ApiListener.open(settings.place(), settings.refuseDescriptors(), refusal);
            try {
                running = new Running(listener, serve(listener.connections()));
            } catch (IOException | RuntimeException e) {
                listener.discard();
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            connections.close();
            throw e;
        }
    }

    /** Serves, after {@link #start}, whoever has connected or connects. */
    public void admit() {
        var now = running;
        if (now != null) {
            now.listener.admit();
        }
    }

    private WebServer serve(PatientListener listener) throws IOException {
        var listeners = UnixListeners.installed();
        var address = UnixDomainSocketAddress.of(settings.socket().resolveSibling(NOWHERE));
        listeners.offer(address, listener);
        var helidon = helidon(address);
        try {
            helidon.start();
            if (!helidon.isRunning()) {
                throw new IOException(
                        "cannot serve on " + settings.socket() + "; the log says why");
            }
            return helidon;
        } catch (IOException | RuntimeException e) {
            Helidon.stop(helidon);
            throw e;
        } finally {
            listeners.withdraw(address);
        }
    }

    private WebServer helidon(UnixDomainSocketAddress address) {
        var dispatcher = new Dispatcher(routes, () -> stopping, () -> maxBody, first, observer);
        return Helidon.builder(connections, dispatcher)
                .bindAddress(address)
                .maxTcpConnections(settings.maxConnections() + settings.told())
                .maxPayloadSize(MOST_BODY)
                .writeQueueLength(0)
                .build();
    }

    /**
     * Has the JDK open the descriptors that it needs itself as soon as a virtual thread waits for a
     * socket. This has to happen before {@link #start}, while there are descriptors left.
     *
     * @throws IOException if there are none left even now
     */
    public static void warmUp() throws IOException {
        var pipe = Pipe.open();
        try (var source = pipe.source();
                var sink = pipe.sink()) {
            var failure = new AtomicReference<@Nullable Throwable>();
            var reader =
                    Thread.ofVirtual()
                            .start(() -> {
                                try {
                                    source.read(ByteBuffer.allocate(1));
                                } catch (IOException | LinkageError e) {
                                    failure.set(e);
                                }
                            });
            while (reader.isAlive() && reader.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
            if (reader.isAlive()) {
                sink.write(ByteBuffer.allocate(1));
            }
            reader.join();
            var failed = failure.get();
            if (failed != null) {
                // A class of the JDK that cannot be initialized has the reason as its cause.
                var why = failed.getCause() == null ? failed : failed.getCause();
                throw new IOException(
                        "a virtual thread cannot wait for a socket: " + why.getMessage(), failed);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** The whole response for clients that connect when there are too many. */
    private static byte[] refusal(int maxConnections) {
        var body =
                ProblemDocument.bytes(
                        ProblemType.LIMIT.problem(
                                "max-connections: too many connections; the limit is "
                                        + maxConnections
                                        + ", or the daemon is out of descriptors"));
        var head =
                "HTTP/1.1 429 Too Many Requests\r\nContent-Type: "
                        + ProblemDocument.MEDIA_TYPE
                        + "\r\nCache-Control: no-store\r\nConnection: close\r\nContent-Length: "
                        + body.length
                        + "\r\n\r\n";
        var bytes = ByteBuffer.allocate(head.length() + body.length);
        return bytes.put(head.getBytes(StandardCharsets.US_ASCII)).put(body).array();
    }

    /**
     * Applies the limits of {@code now} to the requests that arrive from now on. The address and
     * the number of connections do not change.
     */
    public void limit(Settings now) {
        maxBody = now.maxBody();
        connections.timeouts(now.timeouts());
    }

    /** Whether clients can connect and are served. */
    public boolean isRunning() {
        var now = running;
        return !stopping && now != null && now.helidon.isRunning() && now.listener.isReachable();
    }

    /**
     * Creates the socket again if somebody removed it. Existing connections go on. It must not be
     * called while the server starts or stops, and only by one thread at a time.
     *
     * @return whether it was created
     * @throws IOException if it cannot be created, if another process has a socket there now, or if
     *     it belongs to the service manager
     */
    public boolean restore() throws IOException {
        var now = running;
        return now != null && now.listener.restore();
    }

    /** The number of connected clients. */
    public int connections() {
        return connections.count();
    }

    /**
     * Answers every call that begins from now on with {@code shutting-down}, and ends its
     * connection.
     */
    public void refuseCalls() {
        stopping = true;
    }

    /**
     * Hands the listening socket over. Its name stays, clients can still connect, and they wait
     * until another process accepts them.
     */
    public Fd leaveListener() throws IOException {
        var was = running;
        if (was == null) {
            throw new IOException("it does not listen");
        }
        return was.listener.leave();
    }

    /**
     * Ends the server. Nobody can connect any more, and the socket's name is removed. Connections
     * that wait for a request end at once. Those that answer a request have {@code time} to finish
     * it, and are ended then. Handlers that still run are interrupted.
     *
     * @param time the time for the answers; the call takes at most three seconds longer
     */
    public void stop(Duration time) {
        refuseCalls();
        var was = running;
        running = null;
        if (was != null) {
            try {
                was.listener.stop();
            } catch (IOException e) {
                LOGGER.log(
                        Level.WARNING, "cannot remove {0}: {1}", settings.socket(), e.getMessage());
            }
            endConnections(was.listener.connections(), time);
            Helidon.stop(was.helidon);
        }
        connections.close();
    }

    private void endConnections(PatientListener listener, Duration time) {
        try {
            long start = System.nanoTime();
            connections.endIdle();
            // Helidon closes the door on whom it accepts from now on, and complains of it
            if (!listener.awaitLast(time)
                    || !connections.awaitNone(time.minusNanos(System.nanoTime() - start))) {
                connections.hangUp();
                if (!connections.awaitNone(AFTER_HANG_UP)) {
                    LOGGER.log(Level.WARNING, "{0} calls did not end in time", connections.count());
                }
            }
        } catch (InterruptedException e) {
            connections.hangUp();
            Thread.currentThread().interrupt();
        }
    }
}
