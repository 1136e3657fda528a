package io.eventfdd.server.handover;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.NotifySocket;
import io.eventfdd.server.handover.Inheritance.Name;

import org.jspecify.annotations.Nullable;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * The service manager, if there is one. It is told the state of the daemon, and keeps copies of its
 * descriptors. Safe for all threads.
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/sd_notify.3.html">sd_notify(3)</a>
 */
public final class Systemd implements Keeper, AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(Systemd.class.getName());
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    /** Null if there is no service manager. */
    private final @Nullable NotifySocket socket;

    /** The time within which the watchdog has to be served; null if there is none. */
    private final @Nullable Duration watchdog;

    /** Whether the last message could not be sent. */
    private boolean failing;

    private Systemd(@Nullable NotifySocket socket, @Nullable Duration watchdog) {
        this.socket = socket;
        this.watchdog = watchdog;
    }

    /** The service manager that {@code environment} names. */
    public static Systemd of(Map<String, String> environment) {
        var address = environment.get("NOTIFY_SOCKET");
        if (address == null) {
            return new Systemd(null, null);
        }
        try {
            return new Systemd(
                    NotifySocket.connect(address, PATIENCE), watchdog(environment).orElse(null));
        } catch (ErrnoException e) {
            LOGGER.log(Level.WARNING, "cannot reach the service manager: {0}", e.getMessage());
            return new Systemd(null, null);
        }
    }

    private static Optional<Duration> watchdog(Map<String, String> environment) {
        var self = Long.toString(ProcessHandle.current().pid());
        if (!environment.getOrDefault("WATCHDOG_PID", self).equals(self)) {
            return Optional.empty();
        }
        try {
            long micros = Long.parseLong(environment.getOrDefault("WATCHDOG_USEC", "0"));
            return micros > 0
                    ? Optional.of(Duration.ofNanos(TimeUnit.MICROSECONDS.toNanos(micros)))
                    : Optional.empty();
        } catch (NumberFormatException e) {
            LOGGER.log(Level.WARNING, "WATCHDOG_USEC is not a number; the watchdog is not served");
            return Optional.empty();
        }
    }

    /** Reports that the daemon serves. */
    public void ready() {
        send("READY=1\nSTATUS=serving", List.of());
    }

    /** Reports that the daemon ends. */
    public void stopping() {
        send("STOPPING=1\nSTATUS=stopping", List.of());
    }

    /**
     * Serves the watchdog on {@code clock}, twice as often as it must, as long as {@code isWell} is
     * true.
     */
    public void watch(BooleanSupplier isWell, ScheduledExecutorService clock) {
        if (watchdog == null) {
            return;
        }
        var _ =
                clock.scheduleAtFixedRate(
                        () -> {
                            if (isWell.getAsBoolean()) {
                                send("WATCHDOG=1", List.of());
                            }
                        },
                        0,
                        watchdog.toNanos() / 2,
                        TimeUnit.NANOSECONDS);
    }

    @Override
    public void keep(long id, Fd fd) {
        send("FDSTORE=1\nFDPOLL=0\nFDNAME=" + Name.of(id), List.of(fd));
    }

    @Override
    public void forget(long id) {
        send("FDSTOREREMOVE=1\nFDNAME=" + Name.of(id), List.of());
    }

    /**
     * Each eventfd that comes or goes is a message. So one that takes none is waited for once and
     * logged once, and not again for each of them until it takes some.
     */
    private synchronized void send(String message, List<Fd> fds) {
        if (socket == null) {
            return;
        }
        try {
            socket.send(message, fds, !failing);
            if (failing) {
                failing = false;
                LOGGER.log(Level.INFO, "the service manager can be told again");
            }
        } catch (ErrnoException e) {
            if (!failing) {
                failing = true;
                LOGGER.log(
                        Level.WARNING,
                        "cannot tell the service manager {0}, and maybe more: {1}",
                        message.lines().findFirst().orElse(""),
                        e.getMessage());
            }
        }
    }

    @Override
    public synchronized void close() {
        if (socket != null) {
            socket.close();
        }
    }
}
