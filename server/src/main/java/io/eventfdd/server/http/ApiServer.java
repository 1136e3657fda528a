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
 * The HTTP server on {@code api.sock}. Start and stop are for one thread, once each; the rest for
 * any.
 *
 * <p>{@link UnixListeners#install} comes first in the process.
 */
public final class ApiServer {
    private static final System.Logger LOGGER = System.getLogger(ApiServer.class.getName());

    /** The most that can be set; what goes beyond it is not even read. */
    private static final int MOST_BODY = 64 * 1024;

    /** The most connections that are worth having only to be told that there are too many. */
    public static final int MOST_TOLD = 64;

    /** The listener, its reserve for accept, and a scratch socket while a listener is adopted. */
    private static final int LISTENING = 3;

    /**
     * The name that Helidon is told, and where nothing ever is: it removes what is there when it
     * stops, and the socket may be another daemon's by then.
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
     * How many descriptors a server needs besides those of {@code max-connections}.
     *
     * @param told connections that are there only to be told that there are too many
     */
    public static int descriptors(int told) {
        return LISTENING + told;
    }

    /**
     * A server that has not begun to listen.
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
     * What can be set.
     *
     * @param place where it listens
     * @param refuseDescriptors whether the kernel refuses descriptors that clients send; else it
     *     drops them when what they came with is read
     * @param maxConnections how many clients may be connected; more are told so and closed
     * @param told how many more may be connected at a time, to be told
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
     * Listens and serves, from the return on.
     *
     * @throws IOException saying what could not be done, and with which path; nothing is left
     *     behind then
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
     * Has the JDK open the descriptors of its own that it needs as soon as a virtual thread waits
     * for a socket. Comes before {@link #start}, while there are some.
     *
     * @throws IOException if there are none even now
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

    /** A whole response, for clients that come when there are too many. */
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
     * Has the requests that come from now on meet the limits of {@code now}; where it listens and
     * how many may connect does not change.
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
     * Makes the socket anew if somebody removed it; connections that there are go on. Not while
     * this starts or stops, and for one thread at a time.
     *
     * @return whether it was made
     * @throws IOException if it cannot be made, if another process's socket is there now, or if it
     *     is the service manager's to make
     */
    public boolean restore() throws IOException {
        var now = running;
        return now != null && now.listener.restore();
    }

    /** How many clients are connected. */
    public int connections() {
        return connections.count();
    }

    /**
     * From now on every call that begins is answered {@code shutting-down}, and ends its
     * connection.
     */
    public void refuseCalls() {
        stopping = true;
    }

    /**
     * Hands the listening socket over: clients go on to connect, and wait until somebody accepts
     * them; its name stays.
     */
    public Fd leaveListener() throws IOException {
        var was = running;
        if (was == null) {
            throw new IOException("it does not listen");
        }
        return was.listener.leave();
    }

    /**
     * Ends it: no one can connect any more, the socket's name goes, connections that wait for a
     * request end, those that answer one have {@code time} to do so, and are hung up then. Handlers
     * that still run get an interrupt.
     *
     * @param time for the answers; this takes at most three seconds longer
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
