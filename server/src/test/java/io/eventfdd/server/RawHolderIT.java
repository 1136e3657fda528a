package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.RawClient;
import io.eventfdd.server.testing.SharedDaemon;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/**
 * Nobody who holds a raw descriptor can stall the daemon by what it does with it: whatever it is,
 * others get on, and even those who use the same eventfd get answers.
 */
@Timeout(300)
@ExtendWith(SharedDaemon.class)
class RawHolderIT {
    private static final int CALLS = 100;

    private final DaemonProcess daemon;
    private final List<Process> holders = new ArrayList<>();

    RawHolderIT(DaemonProcess daemon) {
        this.daemon = daemon;
    }

    @AfterEach
    void letGo() throws InterruptedException {
        for (var holder : holders) {
            holder.destroyForcibly().waitFor();
        }
    }

    private void hold(String name, String way) throws Exception {
        var script = Path.of(RawHolderIT.class.getResource("/raw_holder.py").toURI());
        var holder =
                new ProcessBuilder(
                                "python3",
                                script.toString(),
                                daemon.directory().toString(),
                                name,
                                way)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        holders.add(holder);
        assertThat(holder.inputReader().readLine()).isEqualTo("at it");
    }

    private static RawClient.Answer call(RawClient client, String verb, String name, String body)
            throws IOException {
        return client.call("POST", "/v1/eventfds/" + name + verb, body).answer();
    }

    @ParameterizedTest
    @CsvSource({
        "fill, true",
        "fill, false",
        "write, true",
        "write, false",
        "full, true",
        "full, false",
        "flag, true",
        "flag, false",
        "toggle, true",
        "toggle, false",
        "read, true",
        "read, false",
    })
    void othersGetOnWhateverAHolderDoes(String way, boolean nonblocking) throws Exception {
        var name = way + "-" + nonblocking;
        try (var client = daemon.connect();
                var waiting = daemon.connect();
                var writing = daemon.connect();
                var watching = daemon.connect()) {
            for (var eventfd : List.of(name, "other-" + name)) {
                var spec = "{\"nonblocking\":" + nonblocking + "}";
                assertThat(client.call("PUT", "/v1/eventfds/" + eventfd, spec).answer().status())
                        .isEqualTo(201);
            }
            hold(name, way);
            // They all stand in line on the loop, at the same eventfd.
            writing.call(
                    "POST",
                    "/v1/eventfds/" + name + "/write",
                    "{\"value\":18446744073709551614,\"timeout\":\"1h\"}");
            waiting.call("GET", "/v1/eventfds/" + name + "/wait?timeout=1h", "");
            watching.call("GET", "/v1/eventfds/" + name + "/watch", "");

            for (int i = 0; i < CALLS; i++) {
                var other = "other-" + name;
                assertThat(call(client, "/write", other, "").status()).isEqualTo(200);
                assertThat(call(client, "/read", other, "{\"timeout\":\"1h\"}").status())
                        .isEqualTo(200);
                assertThat(client.call("GET", "/v1/eventfds/" + name, "").answer().status())
                        .isEqualTo(200);
                assertThat(call(client, "/read", name, "{\"timeout\":\"1ms\"}").status())
                        .isIn(200, 204);
                assertThat(call(client, "/write", name, "{\"timeout\":\"1ms\"}").status())
                        .isIn(200, 409);
            }
            assertThat(client.call("GET", "/health/live", "").answer().status()).isEqualTo(200);
        }
        // Those in line left with their connections, and are not held up either.
        until(() -> waiters() == 0);
    }

    // The library

    private EventfddClient raw() {
        return EventfddClient.builder()
                .runtimeDirectory(daemon.directory())
                .transport(Transport.RAW)
                .connect();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aWriteOfTheLibraryDoesNotBlockThoughAnotherProcessTogglesTheFlag(boolean virtual)
            throws Exception {
        var name = "library-" + virtual;
        var writes =
                new FutureTask<Void>(() -> {
                    for (int i = 0; i < CALLS; i++) {
                        // A client each: its handle does not know yet that the count is full.
                        try (var client = raw();
                                var eventfd = client.open(name)) {
                            for (int j = 0; j < CALLS; j++) {
                                assertThat(eventfd.tryWrite(1)).isFalse();
                            }
                            assertThat(eventfd.write(1, Duration.ofMillis(5))).isFalse();
                        }
                    }
                    return null;
                });
        try (var client = raw();
                var eventfd = client.open(name, EventfdSpec.counter())) {
            hold(name, "flag");
            var thread = virtual ? Thread.ofVirtual() : Thread.ofPlatform().daemon();
            thread.start(writes);
            writes.get(60, TimeUnit.SECONDS);
            assertThat(eventfd.count()).isEqualTo(Count.MAX);
        }
    }

    @Test
    void theStateSaysWhatAHolderMadeOfTheFlagAndAnOpenSetsItAgain() throws Exception {
        for (boolean nonblocking : new boolean[] {true, false}) {
            var name = "state-" + nonblocking;
            try (var client = raw();
                    var other = raw();
                    var held =
                            client.open(name, EventfdSpec.counter().withNonblocking(nonblocking))) {
                var fd = Fd.borrow(held.fd().orElseThrow());
                assertThat(client.state(name).spec().nonblocking()).isEqualTo(nonblocking);
                fd.setNonblocking(!nonblocking);
                assertThat(client.state(name).spec().nonblocking()).isEqualTo(!nonblocking);
                boolean told = daemon.request().get("/v1/eventfds/" + name).path("nonblocking");
                assertThat(told).isEqualTo(!nonblocking);
                try (var opened = other.open(name)) {
                    assertThat(Fd.borrow(opened.fd().orElseThrow()).isNonblocking())
                            .isEqualTo(nonblocking);
                    assertThat(fd.isNonblocking()).isEqualTo(nonblocking);
                    assertThat(client.state(name).spec().nonblocking()).isEqualTo(nonblocking);
                }
            }
        }
    }

    private int waiters() {
        try (var client = daemon.connect()) {
            return client.call("GET", "/metrics", "")
                    .answer()
                    .body()
                    .lines()
                    .filter(line -> line.startsWith("eventfdd_waiters "))
                    .mapToInt(line -> (int) Double.parseDouble(line.substring(17)))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
