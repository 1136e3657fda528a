package io.eventfdd.bridge.nats;

import static java.util.Objects.requireNonNull;

import io.eventfdd.bridge.config.Servers;
import io.eventfdd.bridge.status.Pauses;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.ErrorListener;
import io.nats.client.JetStream;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.Options;
import io.nats.client.api.MessageInfo;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/**
 * The connection to NATS that all links share. It connects again by itself for as long as it takes,
 * also where servers refuse the user for a while. Safe for all threads.
 *
 * <p>It has no buffer for the time without a connection: what is published then fails at once, and
 * is not sent later behind the back of the link.
 */
public final class Nats implements AutoCloseable {
    private static final Logger LOGGER = System.getLogger(Nats.class.getName());

    private static final int NO_MESSAGE = 10037;
    private static final int MOST_REFUSALS = 100;
    private static final Duration RECONNECT_WAIT = Duration.ofMillis(250);

    /** What a URL has before the host: a user and a password, which no log may show. */
    private static final Pattern USER = Pattern.compile("[^/\\s\\[]*@");

    private final Servers servers;
    private final String name;
    private final AtomicLong events = new AtomicLong();
    private final AtomicBoolean connected = new AtomicBoolean();

    /** What the server has refused since the last connection: it says so at each attempt. */
    private final Set<String> refusals = ConcurrentHashMap.newKeySet();

    /** Connects anew after the end of a connection. It has no thread before the first one. */
    private final ExecutorService renewal =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("eventfdd-bridge-nats").factory());

    private volatile @Nullable Session session;
    private boolean closed;

    /**
     * A connection. jnats connects it again by itself, but ends it for good if a server refuses the
     * user twice.
     */
    private record Session(
            Connection connection, JetStream jetStream, JetStreamManagement management) {
        private boolean hasEnded() {
            return connection.getStatus() == Connection.Status.CLOSED;
        }
    }

    private Nats(Servers servers, String name) {
        this.servers = servers;
        this.name = name;
    }

    /**
     * Connects, and tries again until a server answers.
     *
     * @param name by which the server knows the connection
     * @throws IOException if a file that {@code servers} names cannot be read
     */
    public static Nats connect(Servers servers, String name)
            throws IOException, InterruptedException {
        var nats = new Nats(servers, name);
        var _ = nats.options().build(); // whether its files can be used
        nats.connect();
        return nats;
    }

    /**
     * Connects, and does not try again.
     *
     * @throws IOException if no server answers, or a file that {@code servers} names cannot be read
     */
    public static Nats connectOnce(Servers servers, String name)
            throws IOException, InterruptedException {
        var nats = new Nats(servers, name);
        nats.tryToConnect();
        return nats;
    }

    private void connect() throws InterruptedException {
        var pauses = new Pauses();
        var said = "";
        while (true) {
            try {
                tryToConnect();
                return;
            } catch (IOException | IllegalArgumentException | IllegalStateException e) {
                var reason = withoutUser(String.valueOf(e.getMessage()));
                if (!reason.equals(said)) {
                    LOGGER.log(
                            Level.WARNING,
                            "no server answers at {0}: {1}",
                            withoutUser(String.join(", ", servers.urls())),
                            reason);
                    said = reason;
                }
            }
            pauses.pause();
        }
    }

    private void tryToConnect() throws IOException, InterruptedException {
        var connection =
                io.nats.client.Nats.connect(options().connectionListener(this::happened).build());
        var next =
                new Session(connection, connection.jetStream(), connection.jetStreamManagement());
        synchronized (this) {
            if (!closed) {
                session = next;
                renewIfEnded(connection);
                return;
            }
        }
        connection.close();
    }

    /** Connects anew, if {@code which} is the current connection and has ended by itself. */
    private synchronized void renewIfEnded(Connection which) {
        var current = session;
        if (!closed
                && current != null
                && current.connection().equals(which)
                && current.hasEnded()) {
            renewal.execute(this::renew);
        }
    }

    private void renew() {
        try {
            if (session().hasEnded()) {
                connect();
            }
        } catch (InterruptedException e) {
            LOGGER.log(Level.DEBUG, "the bridge ends without a connection to NATS");
        }
    }

    private Session session() {
        return requireNonNull(session, "there is one when this object is passed on");
    }

    /** The server at the other end, with its version. */
    public String server() {
        var connection = connection();
        return withoutUser(String.valueOf(connection.getConnectedUrl()))
                + ", version "
                + connection.getServerInfo().getVersion();
    }

    private static String withoutUser(String text) {
        return USER.matcher(text).replaceAll("");
    }

    private Options.Builder options() throws IOException {
        var options = Options.builder();
        var file = servers.options();
        if (file != null) {
            options = options.properties(properties(file));
        }
        var credentials = servers.credentials();
        if (credentials != null) {
            if (!Files.isReadable(credentials)) {
                throw new IOException("cannot read " + credentials);
            }
            options = options.credentialPath(credentials.toString());
        }
        return options.servers(servers.urls().toArray(String[]::new))
                .connectionName(name)
                .maxReconnects(-1)
                .reconnectWait(RECONNECT_WAIT)
                .reconnectBufferSize(0)
                .errorListener(new Quiet());
    }

    private static Properties properties(Path file) throws IOException {
        var properties = new Properties();
        try (InputStream in = Files.newInputStream(file)) {
            properties.load(in);
        }
        return properties;
    }

    /** The links notice what matters themselves, when they publish or wait. */
    private final class Quiet implements ErrorListener {
        @Override
        public void errorOccurred(Connection connection, String error) {
            if (refusals.size() < MOST_REFUSALS && refusals.add(error)) {
                LOGGER.log(Level.WARNING, "the server says: {0}", error);
            }
        }

        @Override
        public void exceptionOccurred(Connection connection, Exception exception) {
            LOGGER.log(Level.DEBUG, "the connection: {0}", exception.toString());
        }
    }

    private void happened(Connection on, ConnectionListener.Events event) {
        events.incrementAndGet();
        switch (event) {
            case DISCONNECTED -> {
                if (connected.getAndSet(false)) { // jnats says so after each attempt to connect
                    LOGGER.log(Level.WARNING, "the connection to NATS has ended");
                }
            }
            case CONNECTED, RECONNECTED -> {
                connected.set(true);
                refusals.clear();
                var url = withoutUser(String.valueOf(on.getConnectedUrl()));
                LOGGER.log(Level.INFO, "connected to {0}", url);
            }
            case CLOSED -> renewIfEnded(on);
            default -> LOGGER.log(Level.DEBUG, "{0}", event);
        }
    }

    /**
     * How often something has happened to the connection. If this has changed, messages may have
     * been missed.
     */
    long events() {
        return events.get();
    }

    /** Whether there is a connection. */
    public boolean isConnected() {
        return connection().getStatus() == Connection.Status.CONNECTED;
    }

    JetStream jetStream() {
        return session().jetStream();
    }

    JetStreamManagement management() {
        return session().management();
    }

    Connection connection() {
        return session().connection();
    }

    /** The last message of a subject, which may have wildcards. */
    Optional<MessageInfo> lastMessage(String stream, String subject)
            throws IOException, JetStreamApiException {
        try {
            return Optional.of(management().getLastMessage(stream, subject));
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() == NO_MESSAGE) {
                return Optional.empty();
            }
            throw e;
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        renewal.shutdownNow();
        try {
            connection().close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
