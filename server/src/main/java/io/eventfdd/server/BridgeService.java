package io.eventfdd.server;

import io.eventfdd.bridge.Bridge;
import io.eventfdd.bridge.config.InvalidLinks;
import io.eventfdd.bridge.config.Links;
import io.eventfdd.bridge.config.LinksFile;
import io.eventfdd.bridge.nats.UnfitException;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.eventfdd.internal.RuntimeLocation;
import io.eventfdd.server.config.InvalidSetting;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;
import io.eventfdd.server.handover.Systemd;
import io.eventfdd.server.http.HealthApi;
import io.eventfdd.server.http.MetricsApi;
import io.eventfdd.server.http.ObservabilityServer;
import io.eventfdd.server.http.OperatorPage;

import org.jspecify.annotations.Nullable;

import sun.misc.Signal;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * The bridge as the service that this process runs: it obeys signals, reports to the service
 * manager, and answers on a port if one is set. Belongs to the main thread.
 */
final class BridgeService {
    private final Links links;
    private final Settings settings;
    private final Path directory;
    private boolean hasStarted;

    private BridgeService(Path file, @Nullable Path given) throws InvalidSetting {
        try {
            this.links = LinksFile.read(file);
        } catch (InvalidLinks e) {
            // which the commands do not know
            throw new InvalidSetting(String.valueOf(e.getMessage()));
        }
        this.settings = Settings.of(links.settings(), file);
        this.directory = directory(given, links.runtimeDirectory());
    }

    private static Path directory(@Nullable Path given, @Nullable Path configured) {
        if (given != null) {
            return given;
        }
        return configured != null ? configured : RuntimeLocation.current();
    }

    /** Runs the bridge until a signal comes, and returns the exit status. */
    static int run(Path file, @Nullable Path directory)
            throws InvalidSetting, IOException, UnfitException {
        return new BridgeService(file, directory).run();
    }

    /** Prints what the bridge would do, and returns the exit status. */
    static int check(Path file, @Nullable Path directory, PrintWriter out)
            throws InvalidSetting, IOException, UnfitException, InterruptedException {
        return new BridgeService(file, directory).check(out);
    }

    private int check(PrintWriter out) throws IOException, UnfitException, InterruptedException {
        try (var client =
                EventfddClient.builder()
                        .transport(Transport.HTTP)
                        .runtimeDirectory(directory)
                        .connect()) {
            out.println("daemon " + client.info().version() + " in " + directory);
            out.flush(); // whatever becomes of the rest
        }
        Bridge.check(links, directory.resolve("api.sock")).forEach(out::println);
        return 0;
    }

    private int run() throws IOException, UnfitException {
        Logging.configure(settings);
        var stop = new CountDownLatch(1);
        var main = Thread.currentThread();
        for (var name : List.of("TERM", "INT")) {
            Signal.handle(
                    new Signal(name),
                    signal -> {
                        stop.countDown();
                        endWait(main);
                    });
        }
        try (var systemd = Systemd.of(System.getenv());
                var bridge = start();
                var _ = observability(bridge)) {
            systemd.ready();
            stop.await();
            systemd.stopping();
        } catch (InterruptedException e) {
            // A signal.
        }
        return 0;
    }

    private Bridge start() throws IOException, UnfitException, InterruptedException {
        var bridge = Bridge.start(links, directory.resolve("api.sock"));
        if (noteStarted()) {
            return bridge;
        }
        bridge.close();
        throw new InterruptedException();
    }

    /** Interrupts {@code main} if it may be waiting for NATS. The rest of it knows no interrupt. */
    private synchronized void endWait(Thread main) {
        if (!hasStarted) {
            main.interrupt();
        }
    }

    /** Notes that nothing waits for NATS any more. False if that was interrupted. */
    private synchronized boolean noteStarted() {
        hasStarted = true;
        return !Thread.interrupted();
    }

    private Observability observability(Bridge bridge) throws IOException {
        int port = settings.number(Setting.OBSERVABILITY_PORT);
        if (port == 0) {
            return () -> {};
        }
        var pages =
                new ArrayList<OperatorPage>(new HealthApi(() -> true, bridge::isHealthy).pages());
        pages.add(new MetricsApi(BridgeMetrics.of(bridge)).page());
        var address = InetAddress.getByName(settings.choice(Setting.OBSERVABILITY_ADDRESS));
        return ObservabilityServer.start(
                        address, port, pages, (exchange, operation, outcome, nanos) -> {})
                ::close;
    }

    /** What answers on a port, or nothing. */
    private interface Observability extends AutoCloseable {
        @Override
        void close();
    }
}
