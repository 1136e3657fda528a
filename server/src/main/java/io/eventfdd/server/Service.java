package io.eventfdd.server;

import io.eventfdd.server.config.InvalidSetting;
import io.eventfdd.server.config.Settings;
import io.eventfdd.server.handover.Systemd;

import sun.misc.Signal;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;

/**
 * One daemon as the service that this process runs: it obeys signals and reports to the service
 * manager. Belongs to the main thread; signals arrive on threads of the JVM.
 */
final class Service {
    private final Daemon daemon;
    private final Systemd systemd;
    private final AtomicReference<Signal> lastSignal = new AtomicReference<>();

    Service(Daemon daemon, Systemd systemd) {
        this.daemon = daemon;
        this.systemd = systemd;
    }

    /** Reads the settings again. */
    @FunctionalInterface
    interface Reader {
        Settings read() throws InvalidSetting;
    }

    /** Runs when nothing can hinder the daemon from serving any more, and before it does. */
    @FunctionalInterface
    interface Ready {
        void run() throws IOException;
    }

    /**
     * Serves until a signal comes, another daemon takes over or the loop fails; then returns the
     * exit status. SIGHUP has the settings read again.
     *
     * @param ready is run when nothing can hinder it from serving any more, and before it does
     */
    int serve(Reader reader, Ready ready) throws IOException {
        // before any client can be answered, because it may send a signal at once
        for (var name : List.of("TERM", "INT")) {
            Signal.handle(
                    new Signal(name),
                    signal -> {
                        lastSignal.set(signal);
                        daemon.end(Ending.STOPPED);
                    });
        }
        var started = new CompletableFuture<Void>();
        Signal.handle(
                new Signal("HUP"),
                signal -> {
                    var _ = started.thenRun(() -> daemon.reload(reader));
                });
        var prepared = daemon.prepare();
        ready.run();
        prepared.serve();
        started.complete(null);
        daemon.greet();
        try (var watchdog =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name("eventfdd-watchdog").factory())) {
            systemd.ready();
            systemd.watch(daemon::isServing, watchdog);
            var ending = daemon.awaitEnd();
            watchdog.shutdownNow();
            int status = daemon.stop(ending);
            if (!daemon.goesOn()) {
                systemd.stopping();
            }
            return status;
        }
    }

    /**
     * The service that goes on with everything that this one had, if this one ended for another
     * daemon that did not serve.
     */
    Optional<Service> successor() throws IOException {
        return daemon.successor().map(next -> new Service(next, systemd));
    }

    /**
     * Raises the last signal again, for the {@linkplain #successor successor}, because it came
     * while this service was ending anyway.
     */
    void repeatSignal() {
        var signal = lastSignal.get();
        if (signal != null) {
            Signal.raise(signal);
        }
    }
}
