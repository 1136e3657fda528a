package io.eventfdd.server.client;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.ClosedEventfdException;
import io.eventfdd.client.EventfdLease;
import io.eventfdd.client.EventfdSemaphore;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.InvalidRequestException;
import io.eventfdd.client.LeaseLapsedException;
import io.eventfdd.client.LeaseSpec;
import io.eventfdd.client.LimitException;
import io.eventfdd.client.NotFoundException;
import io.eventfdd.client.Transport;
import io.eventfdd.server.DaemonUnderTest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** Leases of the library on both transports, beside a daemon that stays. */
@Timeout(300)
class LeaseTest {
    private static final Duration SHORT = Duration.ofMillis(30);
    private static final Duration LONG = Duration.ofSeconds(15);

    private DaemonUnderTest daemon;
    private final List<EventfddClient> clients = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        daemon = new DaemonUnderTest(Map.of("max-wait", "1s", "max-leases-per-user", "8"));
    }

    @AfterEach
    void stop() throws Exception {
        clients.forEach(EventfddClient::close);
        daemon.close();
    }

    private EventfddClient client(Transport transport) {
        var client =
                EventfddClient.builder()
                        .runtimeDirectory(daemon.directory())
                        .transport(transport)
                        .connect();
        clients.add(client);
        return client;
    }

    /** Each kind of thread runs {@code task}; what it returns. */
    private static <T> FutureTask<T> begin(boolean virtual, Callable<T> task) {
        var begun = new FutureTask<>(task);
        if (virtual) {
            Thread.ofVirtual().start(begun);
        } else {
            Thread.ofPlatform().daemon().start(begun);
        }
        return begun;
    }

    private static <T> T result(FutureTask<T> task) throws Exception {
        return task.get(LONG.toSeconds(), TimeUnit.SECONDS);
    }

    private int leases() {
        return daemon.get("/v1/leases").path("leases").size();
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void aLeaseTakesItsPermitsAndItsCloseGivesThemBack(Transport transport) throws Exception {
        try (var semaphore = client(transport).openSemaphore("s", 3)) {
            var lease = semaphore.acquireLease(2);
            assertThat(lease.isHeld()).isTrue();
            assertThat(lease.permits()).isEqualTo(2);
            assertThat(lease.permitsByName()).isEqualTo(Map.of("s", 2));
            assertThat(semaphore.availablePermits()).isEqualTo(1);
            assertThat(semaphore.tryAcquireLease(2)).isEmpty();
            assertThat(semaphore.tryAcquireLease(2, SHORT)).isEmpty();
            lease.close();
            assertThat(lease.isHeld()).isFalse();
            assertThat(lease.lapsed()).isNotDone();
            assertThat(semaphore.availablePermits()).isEqualTo(3);
            assertThat(leases()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void toCloseTwiceGivesBackOnce(Transport transport) throws Exception {
        var semaphore = client(transport).openSemaphore("s", 1);
        var lease = semaphore.acquireLease(1);
        lease.close();
        lease.close();
        assertThat(semaphore.availablePermits()).isEqualTo(1);
        assertThatThrownBy(lease::commit).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void aCommitKeepsWhatWasTaken(Transport transport) throws Exception {
        var semaphore = client(transport).openSemaphore("s", 3);
        try (var lease = semaphore.acquireLease(2)) {
            lease.commit();
            assertThat(lease.isHeld()).isFalse();
            assertThatThrownBy(lease::commit).isInstanceOf(IllegalStateException.class);
        }
        assertThat(semaphore.availablePermits()).isEqualTo(1);
        assertThat(leases()).isZero();
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void severalNamesAreTakenAtOneMomentOrNone(Transport transport) throws Exception {
        var client = client(transport);
        var licences = client.openSemaphore("licences", 3);
        var gpus = client.openSemaphore("gpus", 1);
        var spec = LeaseSpec.of("licences", 2).and("gpus", 1);
        var lease = client.lease(spec);
        assertThat(lease.permits()).isEqualTo(3);
        assertThat(lease.permitsByName()).isEqualTo(Map.of("licences", 2, "gpus", 1));
        assertThat(client.tryLease(LeaseSpec.of("licences", 1).and("gpus", 1))).isEmpty();
        assertThat(client.tryLease(spec, SHORT)).isEmpty();
        assertThat(licences.availablePermits()).isEqualTo(1);
        lease.close();
        assertThat(licences.availablePermits()).isEqualTo(3);
        assertThat(gpus.availablePermits()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"RAW, false", "RAW, true", "HTTP, false", "HTTP, true"})
    void aWaitLastsUntilThePermitsAreBack(Transport transport, boolean virtual) throws Exception {
        var semaphore = client(transport).openSemaphore("s", 1);
        var first = semaphore.acquireLease(1);
        var waiting = begin(virtual, () -> semaphore.acquireLease(1));
        until(() -> daemon.waiters("s") == 1);
        first.close();
        var second = result(waiting);
        assertThat(second.isHeld()).isTrue();
        assertThat(second.id()).isNotEqualTo(first.id());
        var timed = begin(virtual, () -> semaphore.tryAcquireLease(1, LONG));
        until(() -> daemon.waiters("s") == 1);
        second.close();
        assertThat(result(timed)).isPresent();
    }

    @Test
    void aWaitIsLongerThanTheDaemonLetsOneCallWait() throws Exception {
        var time = Duration.ofMillis(2100);
        var waits = new ArrayList<FutureTask<Duration>>();
        for (var transport : List.of(Transport.RAW, Transport.HTTP)) {
            for (boolean virtual : List.of(false, true)) {
                var semaphore = client(transport).openSemaphore("s", 0);
                waits.add(begin(virtual, () -> timeOfAVainWait(semaphore, time)));
            }
        }
        for (var wait : waits) {
            assertThat(result(wait)).isGreaterThanOrEqualTo(time);
        }
    }

    private static Duration timeOfAVainWait(EventfdSemaphore semaphore, Duration time)
            throws InterruptedException {
        long before = System.nanoTime();
        assertThat(semaphore.tryAcquireLease(1, time)).isEmpty();
        return Duration.ofNanos(System.nanoTime() - before);
    }

    @ParameterizedTest
    @CsvSource({"RAW, false", "RAW, true", "HTTP, false", "HTTP, true"})
    void anInterruptEndsAWaitAndTakesNothing(Transport transport, boolean virtual)
            throws Exception {
        var semaphore = client(transport).openSemaphore("s", 0);
        var thread = new Thread[1];
        var waiting =
                begin(
                        virtual,
                        () -> {
                            thread[0] = Thread.currentThread();
                            assertThatThrownBy(() -> semaphore.acquireLease(1))
                                    .isInstanceOf(InterruptedException.class);
                            return Thread.currentThread().isInterrupted();
                        });
        until(() -> daemon.waiters("s") == 1);
        thread[0].interrupt();
        assertThat(result(waiting)).isFalse();
        until(() -> daemon.waiters("s") == 0);
        semaphore.release();
        assertThat(semaphore.tryAcquireLease(1)).isPresent();
    }

    @ParameterizedTest
    @CsvSource({"RAW, false", "RAW, true", "HTTP, false", "HTTP, true"})
    void anInterruptAndAGrantAtOneMomentLoseNoPermit(Transport transport, boolean virtual)
            throws Exception {
        var semaphore = client(transport).openSemaphore("s", 0);
        for (int round = 0; round < 30; round++) {
            var thread = new Thread[1];
            var waiting =
                    begin(
                            virtual,
                            () -> {
                                thread[0] = Thread.currentThread();
                                try (var lease = semaphore.acquireLease(1)) {
                                    return lease.isHeld();
                                } catch (InterruptedException e) {
                                    return true;
                                }
                            });
            until(() -> daemon.waiters("s") == 1);
            var other = client(transport).open("s", EventfdSpec.semaphoreOf(0));
            var release = begin(false, () -> other.tryWrite(1));
            thread[0].interrupt();
            assertThat(result(release)).isTrue();
            assertThat(result(waiting)).isTrue();
            until(() -> daemon.waiters("s") == 0 && daemon.count("s").equals("1"));
            assertThat(semaphore.tryAcquire()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void anInterruptedThreadCanTryAndRelease(Transport transport) throws Exception {
        var semaphore = client(transport).openSemaphore("s", 1);
        Thread.currentThread().interrupt();
        var lease = semaphore.tryAcquireLease(1).orElseThrow();
        lease.close();
        var second = semaphore.tryAcquireLease(1).orElseThrow();
        second.commit();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(leases()).isZero();
        assertThat(semaphore.availablePermits()).isZero();
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> semaphore.acquireLease(1))
                .isInstanceOf(InterruptedException.class);
    }

    @ParameterizedTest
    @CsvSource({"RAW, false", "RAW, true", "HTTP, false", "HTTP, true"})
    void toCloseTheSemaphoreOrTheClientEndsTheWaits(Transport transport, boolean virtual)
            throws Exception {
        var client = client(transport);
        var semaphore = client.openSemaphore("s", 0);
        List<UnaryOperator<LeaseSpec>> kinds =
                List.of(spec -> spec, LeaseSpec::heldByConnection, LeaseSpec::heldByProcess);
        var ofSemaphore = begin(virtual, () -> semaphore.acquireLease(1));
        var ofClient = new ArrayList<FutureTask<EventfdLease>>();
        for (var kind : kinds) {
            ofClient.add(begin(virtual, () -> client.lease(kind.apply(LeaseSpec.of("s", 1)))));
        }
        until(() -> daemon.waiters("s") == 4);
        semaphore.close();
        assertThatThrownBy(() -> result(ofSemaphore))
                .hasCauseInstanceOf(ClosedEventfdException.class);
        assertThatThrownBy(() -> semaphore.acquireLease(1))
                .isInstanceOf(ClosedEventfdException.class);
        assertThatThrownBy(() -> semaphore.tryAcquireLease(1))
                .isInstanceOf(ClosedEventfdException.class);
        client.close();
        for (var waiting : ofClient) {
            assertThatThrownBy(() -> result(waiting))
                    .hasCauseInstanceOf(ClosedEventfdException.class);
        }
        until(() -> daemon.waiters("s") == 0);
        assertThatThrownBy(() -> client.tryLease(LeaseSpec.of("s", 1)))
                .isInstanceOf(ClosedEventfdException.class);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void toCloseTheClientReleasesItsLeases(Transport transport) throws Exception {
        var client = client(transport);
        client.openSemaphore("s", 5);
        var leases =
                List.of(
                        client.lease(LeaseSpec.of("s", 1)),
                        client.lease(LeaseSpec.of("s", 1).heldByConnection()),
                        client.lease(LeaseSpec.of("s", 1).heldFor(Duration.ofHours(1))));
        client.close();
        assertThat(daemon.count("s")).isEqualTo("5");
        assertThat(leases).noneMatch(EventfdLease::isHeld);
        leases.forEach(EventfdLease::close);
        assertThat(daemon.count("s")).isEqualTo("5");
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void aFutureIsCompletedWithTheLease(Transport transport) throws Exception {
        var semaphore = client(transport).openSemaphore("s", 1);
        var first = semaphore.acquireLeaseAsync(1).get(15, TimeUnit.SECONDS);
        var second = semaphore.acquireLeaseAsync(1);
        until(() -> daemon.waiters("s") == 1);
        assertThat(second).isNotDone();
        first.close();
        assertThat(second.get(15, TimeUnit.SECONDS).isHeld()).isTrue();
        var third = client(transport).leaseAsync(LeaseSpec.of("s", 1));
        until(() -> daemon.waiters("s") == 1);
        second.get().close();
        assertThat(third.get(15, TimeUnit.SECONDS).isHeld()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void aFutureThatIsCancelledTakesNothing(Transport transport) throws Exception {
        var semaphore = client(transport).openSemaphore("s", 0);
        for (int round = 0; round < 30; round++) {
            var waiting = semaphore.acquireLeaseAsync(1);
            until(() -> daemon.waiters("s") == 1);
            var other = semaphore.eventfd();
            var release = begin(false, () -> other.tryWrite(1));
            if (!waiting.cancel(false)) {
                waiting.get().close();
            } else {
                assertThatThrownBy(waiting::get).isInstanceOf(CancellationException.class);
            }
            assertThat(result(release)).isTrue();
            until(() -> daemon.waiters("s") == 0 && daemon.count("s").equals("1"));
            assertThat(semaphore.tryAcquire()).isTrue();
        }
        assertThat(leases()).isZero();
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void whatCannotBeIsRefused(Transport transport) throws Exception {
        var client = client(transport);
        var semaphore = client.openSemaphore("s", 20);
        client.open("counter", EventfdSpec.counter());
        for (int permits : List.of(0, -1, 1025)) {
            assertThatThrownBy(() -> semaphore.acquireLease(permits))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("permits: " + permits);
        }
        for (var spec :
                List.of(
                        LeaseSpec.nothing(),
                        LeaseSpec.of("counter", 1),
                        LeaseSpec.of("s", 1).and("s", 1),
                        LeaseSpec.of("s", 1000).and("t", 1000),
                        LeaseSpec.of("s", 1).heldFor(Duration.ofDays(300)))) {
            assertThatThrownBy(() -> client.lease(spec))
                    .as(spec.toString())
                    .isInstanceOf(InvalidRequestException.class);
        }
        assertThatThrownBy(() -> LeaseSpec.of("s", 1).heldFor(Duration.ofMillis(999)))
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> LeaseSpec.of("../s", 1))
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> client.tryLease(LeaseSpec.of("s", 1).and("nobody", 1)))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("nobody");
        assertThat(semaphore.availablePermits()).isEqualTo(20);
        for (int i = 0; i < 8; i++) {
            assertThat(semaphore.tryAcquireLease(1)).isPresent();
        }
        assertThatThrownBy(() -> semaphore.acquireLease(1))
                .isInstanceOf(LimitException.class)
                .hasMessageContaining("max-leases-per-user");
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void aLeaseThatSomebodyElseHasEndedCannotBeCommitted(Transport transport) throws Exception {
        var semaphore = client(transport).openSemaphore("s", 1);
        var lease = semaphore.acquireLease(1);
        daemon.request().delete("/v1/leases/" + lease.id()).then().statusCode(204);
        assertThatThrownBy(lease::commit)
                .isInstanceOf(LeaseLapsedException.class)
                .hasMessageContaining("does not know it");
        assertThat(lease.isHeld()).isFalse();
        lease.lapsed().get(15, TimeUnit.SECONDS);
        assertThatThrownBy(lease::commit).isInstanceOf(LeaseLapsedException.class);
        lease.close();
        assertThat(semaphore.availablePermits()).isEqualTo(1);
    }

    @Test
    void aLeaseForATimeIsRenewedAgainAndAgain() throws Exception {
        var raw = client(Transport.RAW);
        var http = client(Transport.HTTP);
        var semaphore = raw.openSemaphore("s", 2);
        raw.open("will", EventfdSpec.counter());
        var spec = LeaseSpec.of("s", 1).giving("will", 1).heldFor(Duration.ofSeconds(5));
        try (var ofRaw = raw.lease(spec);
                var ofHttp = http.lease(spec)) {
            var leases = List.of(ofRaw, ofHttp);
            var expiries = new HashMap<EventfdLease, Set<String>>();
            until(() -> {
                for (var lease : leases) {
                    expiries.computeIfAbsent(lease, key -> new HashSet<>()).add(expiry(lease));
                }
                return expiries.values().stream().allMatch(seen -> seen.size() >= 3);
            });
            for (var lease : leases) {
                assertThat(lease.isHeld()).isTrue();
                assertThat(lease.lapsed()).isNotDone();
            }
            assertThat(semaphore.availablePermits()).isZero();
        }
        assertThat(semaphore.availablePermits()).isEqualTo(2);
        assertThat(daemon.count("will")).isEqualTo("0");
    }

    private String expiry(EventfdLease lease) {
        return daemon.get("/v1/leases/" + lease.id()).path("expires").asText();
    }

    @Test
    void aWaitMayBeLongerThanTheTimeOfTheLease() throws Exception {
        var raw = client(Transport.RAW);
        var http = client(Transport.HTTP);
        var semaphore = raw.openSemaphore("s", 2);
        var first = semaphore.acquireLease(2);
        var time = Duration.ofSeconds(5);
        var spec = LeaseSpec.of("s", 1).heldFor(time);
        var awaited = List.of(raw.leaseAsync(spec), http.leaseAsync(spec));
        until(() -> daemon.waiters("s") == 2);
        long begun = System.nanoTime();
        until(() -> System.nanoTime() - begun > time.plusMillis(200).toNanos());
        first.close();
        for (var future : awaited) {
            var lease = future.get(15, TimeUnit.SECONDS);
            assertThat(lease.isHeld()).isTrue();
            lease.commit();
        }
        assertThat(semaphore.availablePermits()).isZero();
    }
}
