package io.eventfdd.server.client;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.EventfdLease;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.LeaseLapsedException;
import io.eventfdd.client.LeaseSpec;
import io.eventfdd.client.Transport;
import io.eventfdd.server.testing.DaemonProcess;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Leases of the library whose daemon, or whose holder, ends. */
@Timeout(300)
class LeaseLifeIT {
    /** A program that holds a lease until it is killed. */
    private static final String HOLDER =
            """
            import io.eventfdd.client.*;
            import java.nio.file.Path;

            public class Holder {
                public static void main(String[] arguments) throws Exception {
                    var client =
                            EventfddClient.builder()
                                    .runtimeDirectory(Path.of(arguments[0]))
                                    .transport(Transport.valueOf(arguments[1]))
                                    .connect();
                    var lease = client.lease(LeaseSpec.of("s", 1).giving("will", 1));
                    System.out.println("holds " + lease.permits());
                    Thread.sleep(Long.MAX_VALUE);
                }
            }
            """;

    private DaemonProcess daemon;

    @BeforeEach
    void start() throws Exception {
        daemon = DaemonProcess.start();
    }

    @AfterEach
    void stop() throws Exception {
        daemon.close();
    }

    private EventfddClient client(Transport transport) {
        return EventfddClient.builder()
                .runtimeDirectory(daemon.directory())
                .transport(transport)
                .timeout(Duration.ofSeconds(30))
                .outage(Duration.ofSeconds(30))
                .connect();
    }

    private List<String> leases() {
        return daemon.get("/v1/leases").findValuesAsText("id");
    }

    private String count(String name) {
        return daemon.state(name).path("count").asText();
    }

    /** One that a connection holds which nobody resumes. */
    private String forsaken() throws IOException {
        daemon.request()
                .contentType("application/json")
                .body("{\"semaphore\":true,\"initial\":1}")
                .put("/v1/eventfds/control")
                .then()
                .statusCode(201);
        var answer =
                daemon.connect()
                        .call(
                                "POST",
                                "/v1/leases",
                                "{\"take\":[{\"name\":\"control\"}],\"holder\":\"connection\"}")
                        .answer();
        assertThat(answer.status()).as(answer.body()).isEqualTo(201);
        return answer.body().replaceAll(".*\"id\":\"([^\"]+)\".*", "$1");
    }

    private void next(String how) throws Exception {
        if (how.equals("takeover")) {
            daemon.takeOver();
            return;
        }
        daemon.signal(how);
        daemon.exitStatus();
        daemon.restart();
    }

    @ParameterizedTest
    @ValueSource(strings = {"takeover", "TERM", "KILL"})
    void leasesGoOnWithTheNextDaemon(String how) throws Exception {
        try (var raw = client(Transport.RAW);
                var http = client(Transport.HTTP);
                var semaphore = raw.openSemaphore("s", 8)) {
            var leases = new ArrayList<EventfdLease>();
            for (var client : List.of(raw, http)) {
                leases.add(client.lease(LeaseSpec.of("s", 1)));
                leases.add(client.lease(LeaseSpec.of("s", 1).heldByConnection()));
                leases.add(client.lease(LeaseSpec.of("s", 1).heldFor(Duration.ofMinutes(1))));
            }
            var ids = leases.stream().map(EventfdLease::id).toList();
            var control = forsaken();
            next(how);
            // By then the time to resume a lease is over.
            until(() -> !leases().contains(control));
            assertThat(leases()).containsExactlyInAnyOrderElementsOf(ids);
            assertThat(leases).allMatch(EventfdLease::isHeld);
            assertThat(leases).noneMatch(lease -> lease.lapsed().isDone());
            leases.forEach(EventfdLease::close);
            assertThat(leases()).isEmpty();
            until(() -> semaphore.availablePermits() == 8);
        }
    }

    /** By then the name belongs to another eventfd, and perhaps to another user. */
    @ParameterizedTest
    @ValueSource(strings = {"takeover", "TERM", "KILL"})
    void whatALeaseGivesToADeletedNameIsNotTheNextEventfdsOfThatName(String how) throws Exception {
        try (var client = client(Transport.HTTP);
                var permits = client.create("permits", EventfdSpec.semaphoreOf(0));
                var asking = daemon.connect()) {
            client.create("will", EventfdSpec.counter()).close();
            asking.call(
                    "POST",
                    "/v1/leases",
                    "{\"take\":[{\"name\":\"permits\"}],\"give\":[{\"name\":\"will\"}],"
                            + "\"holder\":\"connection\",\"timeout\":\"1m\"}");
            until(() -> daemon.state("permits").path("waiters").asInt() == 1);
            client.delete("will");
            client.create("will", EventfdSpec.counter()).close();
            permits.write(1);
            assertThat(asking.answer().status()).isEqualTo(201);
            next(how);
        }
        until(() -> leases().isEmpty());
        assertThat(count("will")).isEqualTo("0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"takeover", "TERM", "KILL"})
    void aWaitForALeaseGoesOnWithTheNextDaemon(String how) throws Exception {
        try (var raw = client(Transport.RAW);
                var http = client(Transport.HTTP);
                var ofRaw = raw.openSemaphore("of-raw", 1);
                var ofHttp = http.openSemaphore("of-http", 1)) {
            var held = List.of(ofRaw.acquireLease(1), ofHttp.acquireLease(1));
            var awaited = List.of(ofRaw.acquireLeaseAsync(1), ofHttp.acquireLeaseAsync(1));
            until(() -> raw.state("of-raw").waiters() == 1);
            until(() -> http.state("of-http").waiters() == 1);
            next(how);
            until(() -> raw.state("of-raw").waiters() == 1);
            until(() -> http.state("of-http").waiters() == 1);
            assertThat(awaited).noneMatch(CompletableFuture::isDone);
            held.forEach(EventfdLease::close);
            for (var lease : awaited) {
                lease.get(30, TimeUnit.SECONDS).commit();
            }
            assertThat(ofRaw.availablePermits()).isZero();
            assertThat(ofHttp.availablePermits()).isZero();
            assertThat(leases()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void theOwnerIsToldOfALapseBeforeAnybodyElseCanHaveThePermit(Transport transport)
            throws Exception {
        try (var client = client(transport);
                var other = client(transport);
                var semaphore = other.openSemaphore("s", 1)) {
            other.open("will", EventfdSpec.counter());
            var lease =
                    client.lease(
                            LeaseSpec.of("s", 1).giving("will", 1).heldFor(Duration.ofSeconds(4)));
            var waiting = semaphore.acquireLeaseAsync(1);
            until(() -> other.state("s").waiters() == 1);
            daemon.signal("STOP");
            try {
                lease.lapsed().get(30, TimeUnit.SECONDS);
                assertThat(lease.isHeld()).isFalse();
                assertThat(waiting).isNotDone();
            } finally {
                daemon.signal("CONT");
            }
            assertThatThrownBy(lease::commit)
                    .isInstanceOf(LeaseLapsedException.class)
                    .hasMessageContaining("could not be renewed");
            lease.close();
            var next = waiting.get(30, TimeUnit.SECONDS);
            assertThat(next.isHeld()).isTrue();
            until(() -> count("will").equals("1"));
            next.close();
            assertThat(leases()).isEmpty();
            assertThat(count("will")).isEqualTo("1");
            assertThat(count("s")).isEqualTo("1");
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void thePermitsOfAKilledJvmComeToWhoWaits(Transport transport) throws Exception {
        try (var client = client(transport);
                var semaphore = client.openSemaphore("s", 1)) {
            client.open("will", EventfdSpec.counter());
            var holder = holder(transport);
            try {
                assertThat(holder.inputReader().readLine()).isEqualTo("holds 1");
                var waiting = semaphore.acquireLeaseAsync(1);
                until(() -> client.state("s").waiters() == 1);
                assertThat(waiting).isNotDone();
                holder.destroyForcibly();
                try (var lease = waiting.get(30, TimeUnit.SECONDS)) {
                    assertThat(lease.isHeld()).isTrue();
                }
            } finally {
                holder.destroyForcibly().onExit().join();
            }
            until(() -> count("will").equals("1"));
            assertThat(leases()).isEmpty();
            assertThat(count("s")).isEqualTo("1");
        }
    }

    private Process holder(Transport transport) throws IOException {
        var source = Files.writeString(daemon.file("Holder.java"), HOLDER);
        return daemon.begin(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                DaemonProcess.libraries(),
                source.toString(),
                daemon.directory().toString(),
                transport.name());
    }

    @Test
    void theOwnerIsToldIfTheNextDaemonDoesNotKnowTheLease() throws Exception {
        try (var raw = client(Transport.RAW);
                var http = client(Transport.HTTP)) {
            raw.openSemaphore("s", 4);
            var leases = new ArrayList<EventfdLease>();
            for (var client : List.of(raw, http)) {
                leases.add(client.lease(LeaseSpec.of("s", 1)));
                leases.add(client.lease(LeaseSpec.of("s", 1).heldByConnection()));
            }
            for (var id : leases()) {
                daemon.request().delete("/v1/leases/" + id).then().statusCode(204);
            }
            next("TERM");
            for (var lease : leases) {
                lease.lapsed().get(30, TimeUnit.SECONDS);
                assertThat(lease.isHeld()).isFalse();
            }
        }
    }
}
