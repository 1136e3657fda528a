package io.eventfdd.server.http;

import io.eventfdd.server.http.transport.ClientConnection;
import io.eventfdd.server.http.transport.ConnectionEnd;
import io.eventfdd.server.http.transport.ConnectionLife;
import io.eventfdd.server.http.transport.Connections;
import io.eventfdd.server.http.transport.Helidon;
import io.eventfdd.server.http.transport.Timeouts;
import io.helidon.webserver.WebServer;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.time.Duration;
import java.util.List;

/**
 * A TCP listener for pages and nothing else, for a Prometheus or a supervisor that cannot use Unix
 * sockets. Anybody on this host can read them.
 */
public final class ObservabilityServer implements AutoCloseable {
    /** The number of clients that are served at a time. Others wait in the queue of the kernel. */
    private static final int CONNECTIONS = 8;

    /**
     * The descriptors that it needs: for its listener, its connections, and the connection that is
     * accepted next.
     */
    public static final int DESCRIPTORS = 1 + CONNECTIONS + 1;

    private static final int MAX_BODY = 1024;

    /** Short, because there may be few connections, so a silent client has to go. */
    private static final Timeouts TIMEOUTS =
            new Timeouts(Duration.ofSeconds(2), Duration.ofSeconds(2), Duration.ofSeconds(5));

    private final Connections connections =
            new Connections(CONNECTIONS, TIMEOUTS, new NobodyCares(), new byte[0]);
    private final WebServer helidon;
    private volatile boolean stopping;

    private ObservabilityServer(
            InetSocketAddress address, List<OperatorPage> pages, CallObserver observer) {
        var routes = new Routes(pages.stream().map(OperatorPage::endpoint).toList());
        var dispatcher =
                new Dispatcher(routes, () -> stopping, () -> MAX_BODY, exchange -> {}, observer);
        this.helidon =
                Helidon.builder(connections, dispatcher)
                        .bindAddress(address)
                        .maxTcpConnections(CONNECTIONS)
                        .maxPayloadSize(MAX_BODY)
                        .build();
    }

    /** Does nothing, because no values are taken for the answers of this server. */
    private static final class NobodyCares implements ConnectionLife {
        @Override
        public void began(ClientConnection connection) {}

        @Override
        public void ended(ClientConnection connection, ConnectionEnd how) {}
    }

    /**
     * Starts to serve {@code pages} on a port of {@code address}.
     *
     * @param observer is told of each call
     * @throws IOException that says why it cannot listen there
     */
    public static ObservabilityServer start(
            InetAddress loopback, int port, List<OperatorPage> pages, CallObserver observer)
            throws IOException {
        if (!loopback.isLoopbackAddress()) {
            throw new IllegalArgumentException(loopback + " is not this host's alone");
        }
        var address = new InetSocketAddress(loopback, port);
        tryToBind(address);
        Helidon.quiet();
        var server = new ObservabilityServer(address, pages, observer);
        server.helidon.start();
        if (!server.helidon.isRunning()) {
            server.close();
            throw cannotListen(address, "the log says why");
        }
        return server;
    }

    /** Tries to listen first, because Helidon does not say why it cannot. */
    private static void tryToBind(InetSocketAddress address) throws IOException {
        try (var channel = ServerSocketChannel.open()) {
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            channel.bind(address);
        } catch (UnsupportedAddressTypeException e) {
            throw cannotListen(address, "this host has no such addresses");
        } catch (IOException e) {
            throw cannotListen(address, String.valueOf(e.getMessage()));
        }
    }

    private static IOException cannotListen(InetSocketAddress address, String why) {
        return new IOException(
                "observability-port: cannot listen on "
                        + address.getAddress().getHostAddress()
                        + " port "
                        + address.getPort()
                        + ": "
                        + why
                        + (why.contains("Address family")
                                ? "; a systemd unit needs the drop-in metrics.conf for it"
                                : ""));
    }

    @Override
    public void close() {
        stopping = true;
        connections.hangUp();
        Helidon.stop(helidon);
        connections.close();
    }
}
