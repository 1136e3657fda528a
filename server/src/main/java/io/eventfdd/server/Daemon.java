package io.eventfdd.server;

import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.wire.Timeout;
import io.eventfdd.server.cli.ExitStatus;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;
import io.eventfdd.server.eventfds.End;
import io.eventfdd.server.eventfds.Eventfds;
import io.eventfdd.server.fdsocket.FdServer;
import io.eventfdd.server.fdsocket.Heirs;
import io.eventfdd.server.handover.Inheritance;
import io.eventfdd.server.handover.Systemd;
import io.eventfdd.server.handover.Table;
import io.eventfdd.server.http.ApiServer;
import io.eventfdd.server.http.Clients;
import io.eventfdd.server.http.Endpoint;
import io.eventfdd.server.http.HealthApi;
import io.eventfdd.server.http.MetricsApi;
import io.eventfdd.server.http.ObservabilityServer;
import io.eventfdd.server.http.OperatorPage;
import io.eventfdd.server.idempotency.IdempotencyKeys;
import io.eventfdd.server.idempotency.KeptAnswer;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.runtime.HeldByAnotherException;
import io.eventfdd.server.runtime.ListenerPlace;
import io.eventfdd.server.runtime.RuntimeDirectory;

import org.jspecify.annotations.Nullable;

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

/**
 * One run of the daemon. It makes the parts and owns the order in which they start and stop, on the
 * main thread. {@link Service} says when.
 */
final class Daemon {
    private static final System.Logger LOGGER = System.getLogger(Daemon.class.getName());

    private static final Duration TIME_FOR_ANSWERS = Duration.ofSeconds(2);

    private final SettingsInForce settings;
    private final RuntimeDirectory directory;
    private final Inheritance inheritance;
    private final Systemd systemd;
    private final Table table;
    private final EventLoop loop;
    private final Eventfds eventfds;
    private final Clients clients;
    private final IdempotencyKeys keys;
    private final Metrics metrics = new Metrics();
    private final AccessLog accessLog = new AccessLog();

    /** The pages for operators. */
    private final List<OperatorPage> pages;

    private final CallTable calls;
    private final ApiServer api;
    private final CompletableFuture<Ending> end = new CompletableFuture<>();

    // These exist once the daemon has started.
    private volatile @Nullable FdServer fds;
    private @Nullable ObservabilityServer observability;
    private volatile @Nullable Upkeep upkeep;

    /** Everything that the daemon had, if it ended for another daemon that did not serve. */
    private @Nullable Inheritance remains;

    /**
     * Makes all parts, and starts none.
     *
     * @param inheritance the descriptors that the daemon goes on with
     * @param systemd keeps the descriptors of eventfds
     */
    Daemon(Settings asked, RuntimeDirectory directory, Inheritance inheritance, Systemd systemd)
            throws IOException {
        this(asked, directory, inheritance, systemd, new EventLoop(System::nanoTime));
    }

    /** Makes the parts around {@code loop}, which has not begun to run. */
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
        this.settings = new SettingsInForce(asked, budget);
        this.directory = directory;
        this.inheritance = inheritance;
        this.systemd = systemd;
        var initial = settings.now();
        this.table = Table.open(directory.table(), systemd, inheritance);
        this.loop = loop;
        this.eventfds =
                new Eventfds(
                        loop,
                        PartSettings.eventfds(initial, budget),
                        directory.groupId(),
                        Clock.systemUTC(),
                        table);
        this.clients = new Clients(eventfds, initial.duration(Setting.DELIVERY_TIMEOUT));
        this.keys =
                new IdempotencyKeys(
                        eventfds,
                        initial.duration(Setting.KEY_LIFE),
                        PartSettings.keys(initial),
                        table.keys());
        this.pages = new ArrayList<>(new HealthApi(eventfds::isTurning, this::isReady).pages());
        pages.add(new MetricsApi(metrics.registry()).page());
        this.calls = CallTable.of(eventfds, clients, keys, directory, settings::now, pages);
        this.api =
                new ApiServer(
                        apiSettings(initial),
                        calls.endpoints(),
                        clients,
                        calls.first(),
                        accessLog.and(metrics));
        registerMetrics();
    }

    private void registerMetrics() {
        var parts = new PartMetrics(metrics);
        parts.loop(loop);
        parts.eventfds(eventfds);
        parts.leases(eventfds.leases());
        parts.limits(settings::now);
        parts.eachEventfd(settings::now, eventfds);
        parts.keys(keys);
        parts.sockets(api::connections, this::fdConnections, this::fdsHandedOut);
        parts.table(table);
        parts.log();
    }

    private ListenerPlace place(Path socket, @Nullable Fd inherited) {
        return new ListenerPlace(
                socket,
                settings.now().number(Setting.SOCKET_MODE),
                directory.groupId(),
                inherited,
                inherited == null || inheritance.ownsSockets());
    }

    private ApiServer.Settings apiSettings(Settings now) {
        return PartSettings.api(
                now,
                place(directory.apiSocket(), inheritance.api().orElse(null)),
                settings.budget());
    }

    /** Whether a {@link #successor} goes on with everything that this daemon had. */
    boolean goesOn() {
        return remains != null;
    }

    /**
     * The daemon that goes on in this process, if this one ended for another daemon that did not
     * serve. It has the same limits, whatever this one still has open.
     */
    Optional<Daemon> successor() throws IOException {
        return remains == null
                ? Optional.empty()
                : Optional.of(
                        new Daemon(
                                settings.now(),
                                settings.budget(),
                                directory,
                                remains,
                                systemd,
                                new EventLoop(System::nanoTime)));
    }

    /**
     * Puts the settings in force that can change while the daemon runs; the log names the others
     * that have changed. If the settings cannot be read, all of them stay. Whatever was removed
     * from the runtime directory is created again.
     */
    synchronized void reload(Service.Reader reader) {
        if (upkeep != null) {
            upkeep.look();
        }
        settings.reload(reader, this::take);
    }

    private void take(Settings now) {
        Logging.configure(now);
        eventfds.limit(PartSettings.eventfds(now, settings.budget()));
        clients.patience(now.duration(Setting.DELIVERY_TIMEOUT));
        keys.limit(now.duration(Setting.KEY_LIFE), PartSettings.keys(now));
        api.limit(apiSettings(now));
        if (fds != null) {
            fds.limit(PartSettings.fds(now, settings.budget()));
        }
    }

    /**
     * Starts all that may fail. Clients can connect then, and wait; and nothing is changed yet of
     * what the previous process had, which may have to go on with it.
     *
     * @return what serves them, and goes on with that
     */
    Prepared prepare() throws IOException {
        loop.start(this::loopFailed);
        try {
            observability = observability();
            var served =
                    FdServer.open(
                            loop,
                            eventfds,
                            place(directory.fdSocket(), inheritance.fd().orElse(null)),
                            PartSettings.fds(settings.now(), settings.budget()),
                            accessLog.then(metrics),
                            new OtherDaemons());
            fds = served;
            api.start();
            return () -> {
                restore();
                served.admit();
                api.admit();
                upkeep = upkeep(served);
            };
        } catch (IOException e) {
            closeObservability();
            abandonFds();
            loop.close();
            throw e;
        }
    }

    /** A daemon to which clients can connect. */
    @FunctionalInterface
    interface Prepared {
        /** Serves them, from the return on. The previous process must have ended. */
        void serve() throws IOException;
    }

    private Upkeep upkeep(FdServer served) {
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
        if (fds != null && inheritance.fd().isPresent()) {
            fds.leave().listener().close();
        } else {
            closeFds();
        }
    }

    /** Hands over only what it can write down. */
    private final class OtherDaemons implements Heirs {
        @Override
        public CompletableFuture<Optional<String>> obstacle() {
            return table.tryToWrite();
        }

        @Override
        public void handOver() {
            end(Ending.TAKEN_OVER);
        }
    }

    private @Nullable ObservabilityServer observability() throws IOException {
        int port = settings.now().number(Setting.OBSERVABILITY_PORT);
        var address = InetAddress.getByName(settings.now().choice(Setting.OBSERVABILITY_ADDRESS));
        return port == 0 ? null : ObservabilityServer.start(address, port, pages, metrics);
    }

    private void closeObservability() {
        if (observability != null) {
            observability.close();
        }
    }

    /** Goes on with what the process before this one had. */
    private void restore() {
        var time = settings.now().duration(Setting.RECLAIM_TIME);
        var present = table.present(inheritance);
        var absent = table.absent(inheritance);
        eventfds.succession().restore(present, absent, table.leases(), time, !table.isKnown());
        keys.restore(table.answers());
        if (!present.isEmpty() || !absent.isEmpty()) {
            LOGGER.log(
                    Level.INFO,
                    "restored {0} eventfds with their descriptors, and {1} more by their names;"
                            + " processes that hold one of those have {2} to bring it back",
                    present.size(),
                    absent.size(),
                    Timeout.format(time));
        }
    }

    /** Says on the terminal how to reach the daemon, unless it goes on for another one. */
    void greet() {
        if (inheritance.past().isEmpty()) {
            new Greeting(directory, settings.now()).print();
        }
    }

    /** Called on the loop's thread, which ends then. */
    private void loopFailed() {
        eventfds.loopFailed();
        end(Ending.FAILED);
    }

    /** Has the daemon end, if nothing else had before. Any thread may call this. */
    void end(Ending why) {
        end.complete(why);
    }

    /** Waits for a reason to end. */
    Ending awaitEnd() {
        return end.join();
    }

    /**
     * Refuses new calls, ends all waits so that their calls are answered, ends the connections, and
     * then writes the table or hands everything over.
     *
     * @return the exit status
     */
    int stop(Ending ending) {
        if (upkeep != null) {
            upkeep.close();
        }
        eventfds.leases().freeze();
        var handover =
                ending == Ending.TAKEN_OVER && fds != null
                        ? Handover.begin(directory, fds, api)
                        : Optional.<Handover>empty();
        refuseCalls();
        eventfds.endWaits(End.SHUT_DOWN);
        closeFds();
        api.stop(TIME_FOR_ANSWERS);
        closeObservability(); // the other daemon wants the port
        int status = ending.status();
        if (ending == Ending.FAILED) {
            table.close();
        } else {
            var answers = keysLeft(); // first: a key that lapses gives its value to an eventfd
            var succession = eventfds.succession();
            var left = table.finish(succession.keep(), succession.vacancies(), answers);
            if (left.failure().isPresent()) {
                status = ExitStatus.NOT_SAVED.code();
            }
            if (handover.isPresent()) {
                remains = handover.get().finish(inheritance.ownsSockets(), left).orElse(null);
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
            if (fds != null) {
                fds.close();
            }
        } catch (IOException e) {
            LOGGER.log(
                    Level.WARNING, "cannot close {0}: {1}", directory.fdSocket(), e.getMessage());
        }
    }

    private int fdConnections() {
        var server = fds;
        return server == null ? 0 : server.connections();
    }

    private long fdsHandedOut() {
        var server = fds;
        return server == null ? 0 : server.fdsHandedOut();
    }

    private boolean isReady() {
        return isServing() && table.failure().isEmpty();
    }

    /** Whether clients are served on both sockets. */
    boolean isServing() {
        var server = fds;
        return api.isRunning()
                && server != null
                && server.isServing()
                && eventfds.isTurning()
                && !directory.isLost();
    }

    /** The table of all calls. */
    List<Endpoint> endpoints() {
        return calls.endpoints();
    }
}
