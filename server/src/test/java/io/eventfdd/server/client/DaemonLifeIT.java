package io.eventfdd.server.client;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.DaemonUnavailableException;
import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdGoneException;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.NotFoundException;
import io.eventfdd.client.ShuttingDownException;
import io.eventfdd.client.Transport;
import io.eventfdd.server.testing.DaemonProcess;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** A client whose daemon ends, and comes back. */
class DaemonLifeIT {
    private DaemonProcess daemon;
    private EventfddClient raw;
    private EventfddClient http;

    @BeforeEach
    void start() throws Exception {
        daemon = DaemonProcess.start("--idle-timeout", "1s");
        raw = client(Transport.RAW);
        http = client(Transport.HTTP);
    }

    private EventfddClient client(Transport transport) {
        return EventfddClient.builder()
                .runtimeDirectory(daemon.directory())
                .transport(transport)
                .outage(Duration.ZERO)
                .connect();
    }

    @AfterEach
    void stop() throws Exception {
        raw.close();
        http.close();
        daemon.close();
    }

    @Test
    void aRawHandleOutlivesItsNameAndTheDaemon() throws Exception {
        var eventfd = raw.open("n", EventfdSpec.counter());
        raw.delete("n");
        eventfd.write(2);
        daemon.signal("KILL");
        daemon.exitStatus();
        assertThat(eventfd.read()).isEqualTo(2);
        eventfd.write(3);
        assertThat(eventfd.await(Duration.ofSeconds(1))).isTrue();
        assertThatThrownBy(() -> raw.open("n"))
                .isInstanceOf(DaemonUnavailableException.class)
                .hasMessageContaining(daemon.directory().resolve("fd.sock").toString());
        daemon.restart();
        assertThatThrownBy(() -> raw.open("n")).isInstanceOf(NotFoundException.class);
        assertThat(raw.open("n", EventfdSpec.counter()).count()).isZero();
        assertThat(eventfd.count()).isEqualTo(3);
    }

    @Test
    void aDeletedEventfdEndsTheWaitsInTheDaemon() throws Exception {
        var eventfd = http.open("n", EventfdSpec.counter());
        var waits = waits(eventfd);
        http.delete("n");
        for (var wait : waits) {
            assertThatThrownBy(() -> wait.get(15, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(EventfdGoneException.class);
        }
        assertThatThrownBy(eventfd::tryRead).isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> http.delete("n")).isInstanceOf(NotFoundException.class);
    }

    @Test
    void aDaemonThatStopsSaysSoToThoseWhoWait() throws Exception {
        var waits = waits(http.open("n", EventfdSpec.counter()));
        daemon.signal("TERM");
        for (var wait : waits) {
            assertThatThrownBy(() -> wait.get(15, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(ShuttingDownException.class);
        }
        assertThat(daemon.exitStatus()).isZero();
        assertThatThrownBy(() -> http.list())
                .isInstanceOf(DaemonUnavailableException.class)
                .hasMessageContaining(daemon.api().toString());
        assertThatThrownBy(() -> client(Transport.HTTP))
                .isInstanceOf(DaemonUnavailableException.class);
    }

    @Test
    void waitsEndWhereItWasKilledAndNoOtherComesInTheTimeOfAnOutage() throws Exception {
        var eventfd = http.open("n", EventfdSpec.counter());
        var waits = waits(eventfd);
        daemon.signal("KILL");
        for (var wait : waits) {
            assertThatThrownBy(() -> wait.get(15, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(DaemonUnavailableException.class);
        }
        daemon.exitStatus();
        daemon.restart();
        // Connections from before are there still, and dead; no call notices.
        eventfd.write(5);
        assertThat(eventfd.read()).isEqualTo(5);
    }

    /** Several that wait, so that the client keeps several connections. */
    private List<CompletableFuture<?>> waits(Eventfd eventfd) {
        List<Supplier<CompletableFuture<?>>> kinds =
                List.of(eventfd::readAsync, eventfd::awaitAsync, eventfd::readAsync);
        List<CompletableFuture<?>> waits =
                kinds.stream().<CompletableFuture<?>>map(Supplier::get).toList();
        until(() -> http.state("n").waiters() == waits.size());
        return waits;
    }

    @Test
    void aConnectionThatTheDaemonClosedIsMadeAgain() throws Exception {
        var eventfd = http.open("n", EventfdSpec.semaphoreOf(0));
        until(this::hasNoIdleConnection);
        assertThat(http.create("m", EventfdSpec.counter()).count()).isZero();
        until(this::hasNoIdleConnection);
        eventfd.write(1);
        assertThat(eventfd.count()).isEqualTo(1);
        http.delete("m");
    }

    /** Whether the only connection is the one that asks. */
    private boolean hasNoIdleConnection() {
        try (var asking = daemon.connect()) {
            var metrics = asking.call("GET", "/metrics", "").answer().body();
            return metrics.contains("\neventfdd_connections 1.0\n");
        } catch (IOException e) {
            return false; // a slow one is itself closed as idle before it asks
        }
    }

    @Test
    void withoutFdSockTheClientGoesOverHttp() throws Exception {
        assertThat(client(Transport.AUTO).transport()).isEqualTo(Transport.RAW);
        var withoutFdSock = Files.createDirectory(daemon.file("http"));
        Files.createSymbolicLink(withoutFdSock.resolve("api.sock"), daemon.api());
        var builder = EventfddClient.builder().runtimeDirectory(withoutFdSock);
        try (var client = builder.transport(Transport.AUTO).connect()) {
            assertThat(client.transport()).isEqualTo(Transport.HTTP);
            assertThat(client.open("n", EventfdSpec.counter()).fd()).isEmpty();
        }
        assertThatThrownBy(() -> builder.transport(Transport.RAW).connect())
                .isInstanceOf(DaemonUnavailableException.class);
    }

    @Test
    void itTellsOfItself() {
        assertThat(raw.info().directory()).isEqualTo(daemon.directory());
        assertThat(http.info()).isEqualTo(raw.info());
        assertThat(http.info().maxWait()).isEqualTo(Duration.ofHours(1));
        assertThat(raw).hasToString("eventfdd client of " + daemon.directory() + " (RAW)");
    }

    @Test
    void whereNoDirectoryIsThePathIsNamed() {
        var nowhere = Path.of("/nowhere/eventfdd");
        for (var transport : Transport.values()) {
            assertThatThrownBy(() ->
                            EventfddClient.builder()
                                    .runtimeDirectory(nowhere)
                                    .transport(transport)
                                    .connect())
                    .isInstanceOf(DaemonUnavailableException.class)
                    .hasMessageContaining("/nowhere/eventfdd/");
        }
    }
}
