package io.eventfdd.server;

import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.wire.Timeout;
import io.eventfdd.server.cli.ExitStatus;
import io.eventfdd.server.config.InvalidSetting;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;
import io.eventfdd.server.eventfds.End;
import io.eventfdd.server.eventfds.Eventfds;
import io.eventfdd.server.fdsocket.FdServer;
import io.eventfdd.server.handover.Inheritance;
import io.eventfdd.server.handover.Systemd;
import io.eventfdd.server.handover.Table;
import io.eventfdd.server.http.ApiServer;
import io.eventfdd.server.http.Clients;
import io.eventfdd.server.http.Endpoint;
import io.eventfdd.server.http.EventfdApi;
import io.eventfdd.server.http.HealthApi;
import io.eventfdd.server.http.LeaseApi;
import io.eventfdd.server.http.MetricsApi;
import io.eventfdd.server.http.ObservabilityServer;
import io.eventfdd.server.http.OpenApiDocument;
import io.eventfdd.server.http.Page;
import io.eventfdd.server.http.WaitTimes;
import io.eventfdd.server.idempotency.IdempotencyKeys;
import io.eventfdd.server.idempotency.KeptAnswer;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.runtime.HeldByAnotherException;
import io.eventfdd.server.runtime.ListenerPlace;
import io.eventfdd.server.runtime.RuntimeDirectory;

import sun.misc.Signal;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;

/** One run of the daemon: what it is made of, and the order in which that starts and stops. */
final class Daemon {
    private static final System.Logger LOGGER = System.getLogger(Daemon.class.getName());

    private static final Duration TIME_FOR_ANSWERS = Duration.ofSeconds(2);

    private static final Duration EVENTS_KEEP_ALIVE = Duration.ofSeconds(15);

    /** Why it ends, and the exit status. */
    private enum Ending {
        STOPPED(0),
        TAKEN_OVER(0),
        FAILED(70);

        private final int status;

        Ending(int status) {
            this.status = status;
        }
    }

    /** What was asked for at the start. */
    private final Settings asked;

    private final OpenFileBudget budget;

    /** What is in force. */
    private volatile Settings settings;

    private final RuntimeDirectory directory;
    private final Inheritance inheritance;
    private final Systemd systemd;
    private final Table table;
    private final EventLoop loop;
    private final Eventfds eventfds;
    private final Clients clients;
    private final IdempotencyKeys keys;
    private final Metrics metrics;
    private final AccessLog accessLog = new AccessLog();

    /** The pages for operators. */
    private final List<Page> pages;

    /** The table of all calls. */
    private final List<Endpoint> endpoints;

    private final ApiServer api;
    private volatile Optional<FdServer> fds = Optional.empty();
    private Optional<ObservabilityServer> observability = Optional.empty();
    private volatile Optional<Upkeep> upkeep = Optional.empty();
    private final CompletableFuture<Ending> end = new CompletableFuture<>();
    private final AtomicReference<Signal> lastSignal = new AtomicReference<>();
    private Optional<Inheritance> remains = Optional.empty();

    /**
     * All of it, and nothing started.
     *
     * @param inheritance what it goes on with
     * @param systemd is told the state of the daemon
     */
    Daemon(Settings asked, RuntimeDirectory directory, Inheritance inheritance, Systemd systemd)
            throws IOException {
        this(asked, directory, inheritance, systemd, new EventLoop(System::nanoTime));
    }

    /** The same around {@code loop}, which has not begun to run. */
    Daemon(
            Settings asked,
            RuntimeDirectory directory,
            Inheritance inheritance,
            Systemd systemd,
            EventLoop loop)
            throws IOException {
        this(
                asked,
                OpenFileBudget.raised(inheritance.size()),
                directory,
                inheritance,
                systemd,
                loop);
    }

    private Daemon(
            Settings asked,
            OpenFileBudget budget,
            RuntimeDirectory directory,
            Inheritance inheritance,
            Systemd systemd,
            EventLoop loop)
            throws IOException {
        this.asked = asked;
        this.budget = budget;
        this.settings = budget.atStart(asked);
        this.directory = directory;
        this.inheritance = inheritance;
        this.systemd = systemd;
        this.table = Table.open(directory.table(), systemd, inheritance);
        this.loop = loop;
        this.eventfds =
                new Eventfds(
                        loop,
                        PartSettings.eventfds(settings, budget),
                        directory.groupId(),
                        Clock.systemUTC(),
                        table);
        this.clients = new Clients(eventfds, settings.duration(Setting.DELIVERY_TIMEOUT));
        this.keys =
                new IdempotencyKeys(
                        eventfds,
                        settings.duration(Setting.KEY_LIFE),
                        PartSettings.keys(settings),
                        table.keys());
        this.metrics = new Metrics();
        metrics.watch(loop, eventfds);
        metrics.settings(() -> settings, eventfds);
        metrics.counter(
                "eventfdd_idempotent_replays",
                "Calls that came again and got their answer again",
                keys::replays);
        metrics.counter(
                "eventfdd_log_lines_dropped",
                "Lines of the log that standard error did not take in time",
                Logging::dropped);
        metrics.gauge("eventfdd_idempotency_keys", "Idempotency keys that are kept", keys::size);
        metrics.gauge("eventfdd_connections", "Connections to api.sock", this::connections);
        metrics.gauge(
                "eventfdd_fd_connections",
                "Connections to fd.sock",
                () -> fds.map(FdServer::connections).orElse(0));
        metrics.counter(
                "eventfdd_fds_handed_out",
                "Raw descriptors that were sent to clients",
                () -> fds.map(FdServer::fdsHandedOut).orElse(0L));
        metrics.gauge(
                "eventfdd_table_failing",
                "1 while the table, or the space that is kept for it, cannot be written",
                () -> table.failure().isPresent() ? 1 : 0);
        metrics.counter(
                "eventfdd_table_write_failures",
                "Attempts to write the table that failed",
                table::failures);
        var waiting = new WaitTimes(() -> settings.duration(Setting.MAX_WAIT));
        var calls =
                new EventfdApi(
                        eventfds,
                        clients,
                        keys,
                        waiting,
                        EVENTS_KEEP_ALIVE,
                        () -> new About(directory, settings).toJson());
        var leases =
                new LeaseApi(
                        eventfds.leases(),
                        clients,
                        keys,
                        waiting,
                        () -> settings.duration(Setting.MAX_LEASE));
        this.pages = new ArrayList<>(new HealthApi(eventfds::isTurning, this::isReady).pages());
        pages.add(new MetricsApi(metrics.registry()).page());
        this.endpoints = new ArrayList<>(calls.endpoints());
        endpoints.addAll(leases.endpoints());
        endpoints.add(new OpenApiDocument().endpoint());
        pages.forEach(page -> endpoints.add(page.endpoint()));
        this.api =
                new ApiServer(
                        apiSettings(settings),
                        endpoints,
                        clients,
                        calls::forgetDone,
                        accessLog.and(metrics));
    }

    private ListenerPlace place(Path socket, Optional<Fd> inherited) {
        return new ListenerPlace(
                socket,
                settings.number(Setting.SOCKET_MODE),
                directory.groupId(),
                inherited.orElse(null),
                inherited.isEmpty() || inheritance.ownsSockets());
    }

    private ApiServer.Settings apiSettings(Settings settings) {
        return PartSettings.api(settings, place(directory.apiSocket(), inheritance.api()), budget);
    }

    /** Reads the settings again. */
    @FunctionalInterface
    interface Reader {
        Settings read() throws InvalidSetting;
    }

    /**
     * Serves until a signal comes, another daemon takes over or the loop fails; the exit status.
     * SIGHUP has the settings read again.
     *
     * @param serving is run as soon as it serves
     */
    int serve(Reader reader, Serving serving) throws IOException {
        // before anybody can be answered: who was may send one at once
        for (var name : List.of("TERM", "INT")) {
            Signal.handle(
                    new Signal(name),
                    signal -> {
                        lastSignal.set(signal);
                        end.complete(Ending.STOPPED);
                    });
        }
        var started = new CompletableFuture<Void>();
        Signal.handle(
                new Signal("HUP"),
                signal -> {
                    var _ = started.thenRun(() -> reload(reader));
                });
        start();
        started.complete(null);
        if (inheritance.past().isEmpty()) {
            new Greeting(directory, settings).print();
        }
        serving.run();
        try (var watchdog =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name("eventfdd-watchdog").factory())) {
            systemd.ready();
            systemd.watch(this::isServing, watchdog);
            var ending = end.join();
            watchdog.shutdownNow();
            int status = stop(ending);
            if (remains.isEmpty()) {
                systemd.stopping();
            }
            return status;
        }
    }

    /** What somebody has done as soon as the daemon serves. */
    @FunctionalInterface
    interface Serving {
        void run() throws IOException;
    }

    /**
     * The one that goes on with what this had, if this ended for another daemon that did not take
     * it. It has the same limits, whatever this has still open.
     */
    Optional<Daemon> successor() throws IOException {
        return remains.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new Daemon(
                                settings,
                                budget,
                                directory,
                                remains.get(),
                                systemd,
                                new EventLoop(System::nanoTime)));
    }

    /** Raises the signal again that came when it was ending anyway, for the one that goes on. */
    void repeatSignal() {
        var signal = lastSignal.get();
        if (signal != null) {
            Signal.raise(signal);
        }
    }

    /**
     * Has all take effect at once that can; of what cannot, the log says so. If the settings cannot
     * be read, all stay as they were. What was removed from the runtime directory is made anew.
     */
    synchronized void reload(Reader reader) {
        upkeep.ifPresent(Upkeep::look);
        Settings read;
        try {
            read = reader.read();
        } catch (InvalidSetting e) {
            LOGGER.log(Level.WARNING, "the settings stay unchanged: {0}", e.getMessage());
            return;
        }
        var now = budget.atReload(settings.reloaded(read));
        Logging.configure(now);
        eventfds.limit(PartSettings.eventfds(now, budget));
        clients.patience(now.duration(Setting.DELIVERY_TIMEOUT));
        keys.limit(now.duration(Setting.KEY_LIFE), PartSettings.keys(now));
        api.limit(apiSettings(now));
        fds.ifPresent(server -> server.limit(PartSettings.fds(now, budget)));
        settings = now;
        for (var setting : Setting.values()) {
            if (!setting.isReloadable() && asked.differsIn(setting, read)) {
                LOGGER.log(
                        Level.WARNING,
                        "{0} has changed, and takes effect at the next start",
                        setting.key());
            }
        }
        LOGGER.log(Level.INFO, "read the settings again");
    }

    /** Serves, from the return on. */
    void start() throws IOException {
        loop.start(this::loopFailed);
        try {
            observability = observability();
            restore();
            fds =
                    Optional.of(
                            FdServer.start(
                                    loop,
                                    eventfds,
                                    place(directory.fdSocket(), inheritance.fd()),
                                    PartSettings.fds(settings, budget),
                                    accessLog.then(metrics),
                                    new Heirs()));
            api.start();
            upkeep = Optional.of(upkeep());
        } catch (IOException e) {
            observability.ifPresent(ObservabilityServer::close);
            abandonFds();
            loop.close();
            throw e;
        }
    }

    private Upkeep upkeep() {
        var served = fds.orElseThrow();
        return new Upkeep(
                loop,
                directory.path(),
                this::restoreDirectory,
                List.of(
                        new Upkeep.Part(directory.apiSocket(), api::restore),
                        new Upkeep.Part(directory.fdSocket(), served::restore),
                        new Upkeep.Part(directory.table(), table::restore)));
    }

    private boolean restoreDirectory() throws IOException {
        try {
            return directory.restore();
        } catch (HeldByAnotherException e) {
            table.leave();
            throw e;
        }
    }

    /** A socket that was inherited keeps its name: the daemon that gave it goes on with it. */
    private void abandonFds() throws IOException {
        if (fds.isPresent() && inheritance.fd().isPresent()) {
            fds.get().leave().listener().close();
        } else {
            closeFds();
        }
    }

    /** Hands over only what it can write down. */
    private final class Heirs implements FdServer.Heirs {
        @Override
        public CompletableFuture<Optional<String>> obstacle() {
            return table.tryToWrite();
        }

        @Override
        public void handOver() {
            end.complete(Ending.TAKEN_OVER);
        }
    }

    private Optional<ObservabilityServer> observability() throws IOException {
        int port = settings.number(Setting.OBSERVABILITY_PORT);
        var address = InetAddress.getByName(settings.choice(Setting.OBSERVABILITY_ADDRESS));
        return port == 0
                ? Optional.empty()
                : Optional.of(ObservabilityServer.start(address, port, pages, metrics));
    }

    /** Goes on with what the process before this one had. */
    private void restore() {
        var present = table.present(inheritance);
        var absent = table.absent(inheritance);
        eventfds.succession()
                .restore(
                        present,
                        absent,
                        table.leases(),
                        settings.duration(Setting.RECLAIM_TIME),
                        !table.isKnown());
        keys.restore(table.answers());
        if (!present.isEmpty() || !absent.isEmpty()) {
            LOGGER.log(
                    Level.INFO,
                    "restored {0} eventfds with their descriptors, and {1} more by their names;"
                            + " processes that hold one of those have {2} to bring it back",
                    present.size(),
                    absent.size(),
                    Timeout.format(settings.duration(Setting.RECLAIM_TIME)));
        }
    }

    /** On the loop's thread, which ends then. */
    private void loopFailed() {
        eventfds.loopFailed();
        end.complete(Ending.FAILED);
    }

    /** Ends as on SIGTERM. */
    void stop() {
        var _ = stop(Ending.STOPPED);
    }

    /**
     * No new calls; then waits end, so that all are answered; then the connections; then all that
     * there is is written down or handed over.
     *
     * @return the exit status
     */
    private int stop(Ending ending) {
        upkeep.ifPresent(Upkeep::close);
        eventfds.leases().freeze();
        var handover =
                ending == Ending.TAKEN_OVER
                        ? fds.flatMap(server -> Handover.begin(directory, server, api))
                        : Optional.<Handover>empty();
        refuseCalls();
        eventfds.endWaits(End.SHUT_DOWN);
        closeFds();
        api.stop(TIME_FOR_ANSWERS);
        observability.ifPresent(ObservabilityServer::close); // an heir wants the port
        int status = ending.status;
        if (ending == Ending.FAILED) {
            table.close();
        } else {
            var succession = eventfds.succession();
            var left = table.finish(succession.keep(), succession.vacancies(), keysLeft());
            if (left.failure().isPresent()) {
                status = ExitStatus.NOT_SAVED.code();
            }
            if (handover.isPresent()) {
                remains = handover.get().finish(inheritance.ownsSockets(), left);
            }
        }
        keys.close();
        loop.close();
        if (ending == Ending.STOPPED) {
            LOGGER.log(Level.INFO, "stopped");
        }
        return status;
    }

    /** Calls on {@code api.sock} that begin from now on are told that the daemon stops. */
    void refuseCalls() {
        api.refuseCalls();
    }

    /** The answers that the next daemon gets of this one; none lapses any more. */
    List<KeptAnswer> keysLeft() {
        return keys.leave();
    }

    private void closeFds() {
        try {
            if (fds.isPresent()) {
                fds.get().close();
            }
        } catch (IOException e) {
            LOGGER.log(
                    Level.WARNING, "cannot close {0}: {1}", directory.fdSocket(), e.getMessage());
        }
    }

    private int connections() {
        return api.connections();
    }

    private boolean isReady() {
        return isServing() && table.failure().isEmpty();
    }

    private boolean isServing() {
        return api.isRunning()
                && fds.filter(FdServer::isServing).isPresent()
                && eventfds.isTurning()
                && !directory.isLost();
    }

    /** The table of all calls. */
    List<Endpoint> endpoints() {
        return List.copyOf(endpoints);
    }
}
