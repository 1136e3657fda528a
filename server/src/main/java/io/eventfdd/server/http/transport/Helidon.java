package io.eventfdd.server.http.transport;

import io.helidon.webserver.ErrorHandling;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;

import java.lang.System.Logger.Level;
import java.time.Duration;

/**
 * Helidon's web server as all listeners here have it: HTTP/1.1 and nothing else, with each
 * connection and each call left to us. For any thread.
 */
public final class Helidon {
    private static final System.Logger LOGGER = System.getLogger(Helidon.class.getName());

    /** A name of 5,000 characters is an invalid name, not a request line that is too long. */
    private static final int MAX_REQUEST_LINE = 16 * 1024;

    private static final int MAX_HEADERS = 16 * 1024;
    private static final Duration TIME_TO_STOP = Duration.ofSeconds(1);

    /**
     * Warns of a method with a control character, with the whole stack: anyone could fill the log.
     */
    private static final java.util.logging.Logger PARSER =
            java.util.logging.Logger.getLogger("io.helidon.webserver.http1.Http1Connection");

    /** Held, since java.util.logging forgets a level with its logger. */
    private static final java.util.logging.Logger ALL =
            java.util.logging.Logger.getLogger("io.helidon");

    private Helidon() {}

    /** Leaves it its warnings, unless somebody has set more. */
    public static void quiet() {
        if (PARSER.getLevel() == null) {
            PARSER.setLevel(java.util.logging.Level.SEVERE);
        }
        if (ALL.getLevel() == null) {
            ALL.setLevel(java.util.logging.Level.WARNING);
        }
    }

    /** The settings of a server that listens nowhere yet. */
    public static WebServerConfig.Builder builder(Connections connections, Handler handler) {
        return WebServer.builder()
                .shutdownHook(false)
                .featuresDiscoverServices(false)
                .protocolsDiscoverServices(false)
                .addConnectionSelector(connections.selector(http1()))
                .connectionOptions(connections.options())
                .idleConnectionPeriod(Duration.ofDays(365))
                .shutdownGracePeriod(Duration.ofMillis(1))
                .directHandlers(TransportProblems.directHandlers())
                .errorHandling(ErrorHandling.builder().includeEntity(true).build())
                .routing(HttpRouting.builder().any(handler));
    }

    private static Http1ConnectionSelector http1() {
        return Http1ConnectionSelector.builder()
                .config(
                        Http1Config.builder()
                                .maxPrologueLength(MAX_REQUEST_LINE)
                                .maxHeadersSize(MAX_HEADERS)
                                .validatePath(false)
                                .validatePrologue(false)
                                .validateRequestHeaders(false) // RequestHead does
                                .sendKeepAliveHeader(false)
                                .build())
                .build();
    }

    /** Stops {@code server} on a thread of its own, because Helidon's stop may hang. */
    public static void stop(WebServer server) {
        var stopper = Thread.ofPlatform().daemon().name("eventfdd-http-stop").start(server::stop);
        try {
            if (!stopper.join(TIME_TO_STOP)) {
                LOGGER.log(Level.WARNING, "the HTTP server did not stop in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
