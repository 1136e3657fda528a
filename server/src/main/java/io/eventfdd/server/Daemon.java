package io.eventfdd.server;

import com.fasterxml.jackson.databind.node.ObjectNode;

import io.eventfdd.linux.Fd;
import io.eventfdd.linux.OpenFiles;
import io.eventfdd.protocol.Json;
import io.eventfdd.protocol.Timeout;
import io.eventfdd.server.config.InvalidSetting;
import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;
import io.eventfdd.server.fdsocket.FdServer;
import io.eventfdd.server.http.ApiServer;
import io.eventfdd.server.http.Clients;
import io.eventfdd.server.http.Endpoint;
import io.eventfdd.server.http.EventfdApi;
import io.eventfdd.server.http.HealthApi;
import io.eventfdd.server.http.IdempotencyKeys;
import io.eventfdd.server.http.MetricsApi;
import io.eventfdd.server.http.OpenApiDocument;
import io.eventfdd.server.loop.End;
import io.eventfdd.server.loop.EventLoop;
import io.eventfdd.server.loop.Eventfds;
import io.eventfdd.server.loop.Limits;
import io.eventfdd.server.restart.Inheritance;
import io.eventfdd.server.restart.Systemd;
import io.eventfdd.server.restart.Table;
import io.eventfdd.server.restart.Takeover;
import io.eventfdd.server.runtime.ListenerPlace;
import io.eventfdd.server.runtime.RuntimeDirectory;

import sun.misc.Signal;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;

/** One run of the daemon: what it is made of, and the order in which that starts and stops. */
final class Daemon {
    private static final System.Logger LOGGER = System.getLogger(Daemon.class.getName());

    /**
     * Descriptors that are neither eventfds nor connections within the limits: the JVM's with its
     * jars, the sockets and the loop's own, which are 80; connections that are there to be told
     * that there are too many, 64 on {@code api.sock} and 16 on {@code fd.sock}; and some to spare.
     */
    private static final int RESERVE = 192;

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

    private final Settings settings;
    private final RuntimeDirectory directory;
    private final Inheritance inheritance;
    private final Systemd systemd;
    private final Table table;
    private final EventLoop loop;
    private final Eventfds eventfds;
    private final IdempotencyKeys keys;
    private final ApiServer api;
    private Optional<FdServer> fds = Optional.empty();
    private final CompletableFuture<Ending> end = new CompletableFuture<>();

    /**
     * All of it, and nothing started.
     *
     * @param inheritance what it goes on with
     * @param systemd who is told how it does
     */
    Daemon(Settings wanted, RuntimeDirectory directory, Inheritance inheritance, Systemd systemd)
            throws IOException {
        this.settings = withinOpenFiles(wanted);
        this.directory = directory;
        this.inheritance = inheritance;
        this.systemd = systemd;
        this.table = Table.open(directory.table(), systemd);
        this.loop = new EventLoop(System::nanoTime);
        this.eventfds =
                new Eventfds(
                        loop,
                        new Limits(
                                limit(Setting.MAX_EVENTFDS, Setting.MAX_EVENTFDS_PER_USER),
                                limit(Setting.MAX_WAITERS, Setting.MAX_WAITERS_PER_USER),
                                settings.number(Setting.MAX_WAITERS_PER_CONNECTION),
                                limit(Setting.MAX_WATCHERS, Setting.MAX_WATCHERS_PER_USER)),
                        directory.groupId(),
                        Clock.systemUTC(),
                        table);
        var clients = new Clients(eventfds, settings.duration(Setting.DELIVERY_TIMEOUT));
        this.keys =
                new IdempotencyKeys(
                        eventfds,
                        settings.duration(Setting.KEY_LIFE),
                        new IdempotencyKeys.Limits(
                                settings.number(Setting.MAX_KEYS),
                                settings.number(Setting.MAX_KEY_BYTES)),
                        table.keys());
        var metrics = new Metrics();
        metrics.watch(loop, eventfds);
        metrics.counter(
                "eventfdd_put_backs",
                "Values that went back since their clients did not take them",
                clients::returned);
        metrics.counter(
                "eventfdd_idempotent_replays",
                "Calls that came again and got their answer again",
                keys::replays);
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
                "eventfdd_max_eventfds",
                "The limit of named eventfds",
                () -> settings.number(Setting.MAX_EVENTFDS));
        metrics.gauge(
                "eventfdd_max_eventfds_per_user",
                "The limit of one user",
                () -> settings.number(Setting.MAX_EVENTFDS_PER_USER));
        var calls =
                new EventfdApi(
                        eventfds,
                        clients,
                        keys,
                        settings.duration(Setting.MAX_WAIT),
                        EVENTS_KEEP_ALIVE,
                        this::about);
        var endpoints = new ArrayList<Endpoint>(calls.endpoints());
        endpoints.addAll(new HealthApi(eventfds::isTurning, this::isReady).endpoints());
        endpoints.add(new OpenApiDocument().endpoint());
        endpoints.add(new MetricsApi(metrics.registry()).endpoint());
        this.api =
                new ApiServer(
                        ApiServer.Settings.of(place(directory.apiSocket(), inheritance.api()))
                                .withRefusedDescriptors(
                                        settings.choice(Setting.API_DESCRIPTORS).equals("refuse"))
                                .withMaxConnections(settings.number(Setting.MAX_CONNECTIONS))
                                .withMaxBody(settings.number(Setting.MAX_BODY))
                                .withTimeouts(
                                        settings.duration(Setting.IDLE_TIMEOUT),
                                        settings.duration(Setting.REQUEST_TIMEOUT),
                                        settings.duration(Setting.DELIVERY_TIMEOUT)),
                        endpoints,
                        clients,
                        new AccessLog().and(metrics));
    }

    private ListenerPlace place(Path socket, Optional<Fd> inherited) {
        return new ListenerPlace(
                socket,
                settings.number(Setting.SOCKET_MODE),
                directory.groupId(),
                inherited,
                inherited.isEmpty() || inheritance.ownsSockets());
    }

    private Limits.Limit limit(Setting inAll, Setting perUser) {
        return new Limits.Limit(settings.number(inAll), settings.number(perUser));
    }

    /**
     * accept(2) must never meet EMFILE: where the process may have fewer files, there are fewer of
     * everything.
     */
    private static Settings withinOpenFiles(Settings asked) throws IOException {
        long limit = OpenFiles.raiseLimit();
        OpenFiles.keepReserve();
        var wanted = asked.lowered(Setting.MAX_FDS_IN_FLIGHT, limit);
        long free = Math.max(limit - RESERVE, 4);
        long needed =
                (long) wanted.number(Setting.MAX_EVENTFDS)
                        + wanted.number(Setting.MAX_CONNECTIONS)
                        + wanted.number(Setting.MAX_FD_CONNECTIONS);
        if (needed <= free) {
            OpenFiles.growTable((int) (needed + RESERVE));
            return wanted;
        }
        OpenFiles.growTable((int) limit);
        var lowered =
                wanted.lowered(Setting.MAX_EVENTFDS, free / 2)
                        .lowered(Setting.MAX_FD_CONNECTIONS, free / 8)
                        .lowered(Setting.MAX_CONNECTIONS, free - free / 2 - free / 8);
        LOGGER.log(
                Level.WARNING,
                "this process may open {0} files: max-eventfds is {1}, max-connections {2},"
                        + " max-fd-connections {3}",
                limit,
                lowered.number(Setting.MAX_EVENTFDS),
                lowered.number(Setting.MAX_CONNECTIONS),
                lowered.number(Setting.MAX_FD_CONNECTIONS));
        return lowered;
    }

    /** Reads the settings again. */
    @FunctionalInterface
    interface Reader {
        Settings read() throws InvalidSetting;
    }

    /**
     * Serves until a signal comes or the loop fails; the exit status. SIGHUP has the settings read
     * again, of which those of the log take effect at once.
     */
    int serve(Reader reader) throws IOException {
        start();
        Signal.handle(new Signal("HUP"), signal -> reload(reader));
        for (var name : List.of("TERM", "INT")) {
            Signal.handle(new Signal(name), signal -> end.complete(Ending.STOPPED));
        }
        sayHello();
        try (var watchdog =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name("eventfdd-watchdog").factory())) {
            systemd.ready();
            systemd.watch(() -> eventfds.isTurning() && isReady(), watchdog);
            var ending = end.join();
            watchdog.shutdownNow();
            systemd.stopping();
            stop(ending);
            return ending.status;
        }
    }

    private static void reload(Reader reader) {
        try {
            Logging.configure(reader.read());
            LOGGER.log(
                    Level.INFO, "the log's settings are read again; others take effect at a start");
        } catch (InvalidSetting e) {
            LOGGER.log(Level.WARNING, "the settings stay as they were: {0}", e.getMessage());
        }
    }

    /** Serves, from the return on. */
    void start() throws IOException {
        loop.start(this::loopFailed);
        try {
            restore();
            fds =
                    Optional.of(
                            FdServer.start(
                                    loop,
                                    eventfds,
                                    place(directory.fdSocket(), inheritance.fd()),
                                    new FdServer.Limits(
                                            settings.number(Setting.MAX_FD_CONNECTIONS),
                                            settings.number(Setting.MAX_FDS_IN_FLIGHT),
                                            settings.duration(Setting.DELIVERY_TIMEOUT)),
                                    () -> end.complete(Ending.TAKEN_OVER)));
            api.start();
        } catch (IOException e) {
            closeFds();
            loop.close();
            throw e;
        }
    }

    /** Goes on with what the process before this one had. */
    private void restore() {
        var present = table.present(inheritance);
        var absent = table.absent(inheritance);
        eventfds.restore(
                present, absent, settings.duration(Setting.RECLAIM_TIME), !table.isKnown());
        keys.restore(table.answers());
        if (!present.isEmpty() || !absent.isEmpty()) {
            LOGGER.log(
                    Level.INFO,
                    "{0} eventfds are the same as before; of {1} more the names are known",
                    present.size(),
                    absent.size());
        }
    }

    private void sayHello() {
        System.out.println("eventfdd " + Version.text() + " serves");
        System.out.println("  HTTP      " + directory.apiSocket());
        System.out.println("  raw fds   " + directory.fdSocket());
        System.out.println("try");
        System.out.println(
                "  curl --unix-socket "
                        + directory.apiSocket()
                        + " -X PUT http://localhost/v1/eventfds/orders");
        System.out.flush();
    }

    /** On the loop's thread, which ends then. */
    private void loopFailed() {
        eventfds.loopFailed();
        end.complete(Ending.FAILED);
    }

    /** Ends as on SIGTERM. */
    void stop() {
        stop(Ending.STOPPED);
    }

    /**
     * No new calls; then waits end, so that all are answered; then the connections; then all that
     * there is is written down or handed over.
     */
    private void stop(Ending ending) {
        var estate = ending == Ending.TAKEN_OVER ? leaveSockets() : Optional.<Estate>empty();
        api.refuseCalls();
        eventfds.endWaits(End.SHUT_DOWN);
        closeFds();
        api.stop(TIME_FOR_ANSWERS);
        if (ending == Ending.FAILED) {
            table.close();
        } else {
            var byNumber = table.finish(eventfds.keep(), eventfds.vacancies(), keys.leave());
            estate.ifPresent(it -> handOver(it, byNumber));
        }
        keys.close();
        loop.close();
        systemd.close();
    }

    /** What goes to another daemon first. */
    private record Estate(FdServer.Estate fds, Fd api) {}

    private Optional<Estate> leaveSockets() {
        try {
            var left = fds.isPresent() ? fds.get().leave() : Optional.<FdServer.Estate>empty();
            return left.isPresent()
                    ? Optional.of(new Estate(left.get(), api.leaveListener()))
                    : Optional.empty();
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "cannot hand over: {0}", e.getMessage());
            return Optional.empty();
        }
    }

    private void handOver(Estate estate, Map<Long, Fd> eventfds) {
        try (var heir = estate.fds.heir()) {
            Takeover.to(heir, estate.api, estate.fds.listener(), eventfds);
            LOGGER.log(Level.INFO, "another daemon has taken over");
        } catch (IOException e) {
            LOGGER.log(
                    Level.WARNING,
                    "cannot hand over: {0}; the next daemon begins with what is written down",
                    e.getMessage());
        } finally {
            estate.api.close();
            estate.fds.listener().close();
        }
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
        return api.isRunning();
    }

    private ObjectNode about() {
        var about = Json.object().put("version", Version.text());
        about.putObject("runtime")
                .put("directory", directory.path().toString())
                .put("api", directory.apiSocket().toString())
                .put("fd", directory.fdSocket().toString());
        var limits = about.putObject("limits");
        for (var setting : Setting.values()) {
            if (setting.isNumber()) {
                limits.put(setting.key(), settings.number(setting));
            } else if (setting.isDuration()) {
                limits.put(setting.key(), Timeout.format(settings.duration(setting)));
            }
        }
        return about;
    }
}
