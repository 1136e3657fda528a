package io.eventfdd.server.client;

import static io.eventfdd.server.DaemonUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.AlreadyExistsException;
import io.eventfdd.client.ClosedEventfdException;
import io.eventfdd.client.Count;
import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.InvalidRequestException;
import io.eventfdd.client.NotFoundException;
import io.eventfdd.client.ProblemType;
import io.eventfdd.client.Signal;
import io.eventfdd.client.SpecMismatchException;
import io.eventfdd.client.Transport;
import io.eventfdd.client.WouldBlockException;
import io.eventfdd.server.DaemonUnderTest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** The same results and the same exceptions, whether raw or over HTTP. */
class TransportsTest {
    private static final Duration SHORT = Duration.ofMillis(30);
    private static final Duration LONG = Duration.ofSeconds(15);

    private DaemonUnderTest daemon;
    private final List<EventfddClient> clients = new CopyOnWriteArrayList<>();

    @BeforeEach
    void start() throws Exception {
        daemon = new DaemonUnderTest(Map.of("max-wait", "1s"));
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
        assertThat(client.transport()).isEqualTo(transport);
        return client;
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void opening(Transport transport) {
        var client = client(transport);
        assertThatThrownBy(() -> client.open("a"))
                .isInstanceOfSatisfying(
                        NotFoundException.class,
                        e ->
                                assertThat(e.problem().orElseThrow().type())
                                        .isEqualTo(ProblemType.NOT_FOUND));
        var spec = EventfdSpec.counter().withInitial(7);
        assertThat(client.open("a", spec).count()).isEqualTo(7);
        var again = client.open("a", spec.withInitial(9));
        assertThat(again.count()).isEqualTo(7);
        assertThat(again.name()).isEqualTo("a");
        assertThat(again.isSemaphore()).isFalse();
        assertThat(again.transport()).isEqualTo(transport);
        assertThat(again.fd().isPresent()).isEqualTo(transport == Transport.RAW);
        assertThat(client.open("a").isOpen()).isTrue();
        assertThatThrownBy(() -> client.open("a", EventfdSpec.semaphoreOf(0)))
                .isInstanceOf(SpecMismatchException.class);
        assertThatThrownBy(() -> client.create("a", spec))
                .isInstanceOf(AlreadyExistsException.class);
        assertThat(client.create("b", EventfdSpec.semaphoreOf(2)).isSemaphore()).isTrue();
        assertThatThrownBy(() -> client.open("../a")).isInstanceOf(InvalidRequestException.class);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void openingMany(Transport transport) {
        var client = client(transport);
        var specs = new LinkedHashMap<String, EventfdSpec>();
        for (int i = 0; i < 253; i++) {
            specs.put("many" + i, EventfdSpec.counter().withInitial(i));
        }
        var opened = client.openAll(specs);
        assertThat(opened).extracting(Eventfd::name).containsExactlyElementsOf(specs.keySet());
        assertThat(opened.get(252).tryRead()).hasValue(252);
        assertThat(client.openAll(List.of("many9", "many3")))
                .extracting(Eventfd::count)
                .containsExactly(9L, 3L);
        assertThatThrownBy(() ->
                        client.openAll(
                                Map.of(
                                        "new",
                                        EventfdSpec.counter(),
                                        "many1",
                                        EventfdSpec.semaphoreOf(0))))
                .isInstanceOf(SpecMismatchException.class);
        assertThatThrownBy(() -> client.state("new")).isInstanceOf(NotFoundException.class);
        specs.put("onemore", EventfdSpec.counter());
        assertThatThrownBy(() -> client.openAll(specs)).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> client.openAll(List.of("many1", "many1")))
                .isInstanceOf(InvalidRequestException.class);
        assertThat(client.list("many1")).hasSize(111);
        assertThat(client.list()).hasSize(253);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void readingAndWriting(Transport transport) throws Exception {
        var counter = client(transport).open("c", EventfdSpec.counter());
        assertThat(counter.tryRead()).isEmpty();
        assertThat(counter.read(SHORT)).isEmpty();
        counter.write(3);
        assertThat(counter.tryWrite(4)).isTrue();
        assertThat(counter.write(5, SHORT)).isTrue();
        assertThat(counter.await(SHORT)).isTrue();
        assertThat(counter.count()).isEqualTo(12);
        assertThat(counter.read()).isEqualTo(12);
        counter.write(Count.MAX);
        assertThat(Count.toString(counter.count())).isEqualTo("18446744073709551614");
        assertThatThrownBy(() -> counter.write(1)).isInstanceOf(WouldBlockException.class);
        assertThat(counter.tryWrite(1)).isFalse();
        assertThat(counter.write(1, SHORT)).isFalse();
        assertThat(counter.read(SHORT)).hasValue(Count.MAX);
        assertThatThrownBy(() -> counter.write(0)).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> counter.tryWrite(-1)).isInstanceOf(InvalidRequestException.class);
        var semaphore = client(transport).open("s", EventfdSpec.semaphoreOf(2));
        assertThat(semaphore.tryRead()).hasValue(1);
        assertThat(semaphore.read()).isEqualTo(1);
        assertThat(semaphore.await(SHORT)).isFalse();
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void timeoutsAreNeverEarly(Transport transport) throws Exception {
        var eventfd = client(transport).open("t", EventfdSpec.counter());
        // Longer than max-wait, so that it is several calls over HTTP.
        for (var timeout : List.of(Duration.ofMillis(5), Duration.ofMillis(1100))) {
            long start = System.nanoTime();
            assertThat(eventfd.read(timeout)).isEmpty();
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(timeout.toNanos());
            start = System.nanoTime();
            assertThat(eventfd.await(timeout)).isFalse();
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(timeout.toNanos());
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void waitingForAnother(Transport transport) throws Exception {
        var client = client(transport);
        var eventfd = client.open("w", EventfdSpec.counter());
        var other = client(Transport.RAW).open("w");
        var read = call(eventfd::read);
        other.write(5);
        assertThat(read.get(15, TimeUnit.SECONDS)).isEqualTo(5);
        var await = call(() -> eventfd.await(LONG));
        other.write(6);
        assertThat(await.get(15, TimeUnit.SECONDS)).isTrue();
        assertThat(eventfd.awaitAsync().get(15, TimeUnit.SECONDS)).isEqualTo(6);
        assertThat(eventfd.readAsync().get(15, TimeUnit.SECONDS)).isEqualTo(6);
        var later = eventfd.readAsync();
        other.write(Count.MAX);
        assertThat(later.get(15, TimeUnit.SECONDS)).isEqualTo(Count.MAX);
        other.write(Count.MAX);
        var write = call(() -> eventfd.write(8, LONG));
        assertThat(other.read()).isEqualTo(Count.MAX);
        assertThat(write.get(15, TimeUnit.SECONDS)).isTrue();
        assertThat(other.read()).isEqualTo(8);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void waitingOnMany(Transport transport) throws Exception {
        var client = client(transport);
        var a = client.open("a", EventfdSpec.counter());
        var b = client.open("b", EventfdSpec.semaphoreOf(0));
        var both = List.of(a, b);
        assertThat(client.awaitAny(both, SHORT)).isEmpty();
        b.write(2);
        assertThat(client.awaitAny(both, LONG)).containsExactly(signal("b", 2));
        assertThat(client.awaitAll(both, SHORT)).isEmpty();
        a.write(3);
        assertThat(client.awaitAll(both, LONG)).containsExactly(signal("a", 3), signal("b", 2));
        assertThat(client.readAll(both, LONG)).containsExactly(signal("a", 3), signal("b", 1));
        assertThat(client.readAny(both, LONG)).containsExactly(signal("b", 1));
        var any = call(() -> client.readAny(both, LONG));
        a.write(Count.MAX);
        assertThat(any.get(15, TimeUnit.SECONDS)).containsExactly(signal("a", Count.MAX));
        assertThatThrownBy(() -> client.awaitAny(List.of(a, a), SHORT))
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> client.awaitAny(List.of(), SHORT))
                .isInstanceOf(InvalidRequestException.class);
        var strangers = client(transport).open("a");
        assertThatThrownBy(() -> client.awaitAny(List.of(strangers), SHORT))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static Signal signal(String name, long value) {
        return new Signal(new EventfdName(name), value);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void anInterruptEndsAWait(Transport transport) throws Exception {
        var client = client(transport);
        var eventfd = client.open("i", EventfdSpec.counter());
        for (Supplier<Running<?>> wait :
                List.<Supplier<Running<?>>>of(
                        () -> start(eventfd::read),
                        () -> start(() -> eventfd.await(LONG)),
                        () -> start(() -> client.readAny(List.of(eventfd), LONG)))) {
            var running = wait.get();
            untilItWaits(transport, running);
            long start = System.nanoTime();
            running.thread().interrupt();
            assertThatThrownBy(() -> running.task().get(15, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(InterruptedException.class);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONG);
        }
        eventfd.write(1);
        assertThat(eventfd.tryRead()).hasValue(1);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void anInterruptedThreadCarriesOutWhatDoesNotWait(Transport transport) {
        var client = client(transport);
        var eventfd = client.open("i", EventfdSpec.counter());
        Thread.currentThread().interrupt();
        eventfd.write(4);
        assertThat(eventfd.count()).isEqualTo(4);
        assertThat(eventfd.tryRead()).hasValue(4);
        assertThat(client.open("j", EventfdSpec.counter()).count()).isZero();
        client.delete("j");
        assertThat(Thread.interrupted()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void aCloseEndsAllWaits(Transport transport) throws Exception {
        var client = client(transport);
        var eventfd = client.open("c", EventfdSpec.counter());
        var other = client.open("o", EventfdSpec.counter());
        var read = start(eventfd::read);
        var await = start(() -> eventfd.await(LONG));
        var any = start(() -> client.awaitAny(List.of(other, eventfd), LONG));
        var future = eventfd.readAsync();
        for (var running : List.of(read, await, any)) {
            untilItWaits(transport, running);
        }
        eventfd.close();
        for (var task : List.of(read.task(), await.task(), any.task(), future)) {
            assertThatThrownBy(() -> task.get(15, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(ClosedEventfdException.class);
        }
        assertThatThrownBy(() -> eventfd.write(1)).isInstanceOf(ClosedEventfdException.class);
        assertThat(other.isOpen()).isTrue();
        client.close();
        assertThat(other.isOpen()).isFalse();
        assertThatThrownBy(() -> client.open("c"))
                .isInstanceOf(ClosedEventfdException.class)
                .hasMessage("the client is closed");
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void aCancelledFutureTakesNothing(Transport transport) throws Exception {
        var eventfd = client(transport).open("f", EventfdSpec.semaphoreOf(0));
        for (int i = 0; i < 50; i++) {
            var future = eventfd.readAsync();
            var writing = CompletableFuture.runAsync(() -> eventfd.write(1));
            boolean cancelled = future.cancel(true);
            writing.get(15, TimeUnit.SECONDS);
            if (cancelled) {
                assertThat(eventfd.read(LONG)).hasValue(1);
            } else {
                assertThat(future).isCompletedWithValue(1L);
            }
        }
        assertThat(eventfd.count()).isZero();
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void semaphoresAndGates(Transport transport) throws Exception {
        var client = client(transport);
        var semaphore = client.openSemaphore("workers", 2);
        semaphore.acquire();
        assertThat(semaphore.tryAcquire()).isTrue();
        assertThat(semaphore.tryAcquire(SHORT)).isFalse();
        semaphore.release();
        semaphore.release(2);
        assertThat(semaphore.availablePermits()).isEqualTo(3);
        var gate = client.openGate("ready");
        assertThat(gate.isOpen()).isFalse();
        assertThat(gate.await(SHORT)).isFalse();
        var passed = gate.awaitAsync();
        client(transport).openGate("ready").open();
        gate.open();
        gate.await();
        passed.get(15, TimeUnit.SECONDS);
        assertThat(gate.isOpen()).isTrue();
        assertThat(gate.eventfd().count()).isEqualTo(1);
    }

    /** A call that is under way. */
    private record Running<T>(FutureTask<T> task, Thread thread) {}

    private static <T> Running<T> start(java.util.concurrent.Callable<T> call) {
        var task = new FutureTask<>(call);
        return new Running<>(task, Thread.ofVirtual().start(task));
    }

    private static <T> FutureTask<T> call(java.util.concurrent.Callable<T> call) {
        return start(call).task();
    }

    private void untilItWaits(Transport transport, Running<?> running) {
        if (transport == Transport.RAW) {
            until(() ->
                    running.thread().getState() == Thread.State.WAITING
                            || running.thread().getState() == Thread.State.TIMED_WAITING);
        } else {
            until(() -> waiters() > 0);
        }
    }

    private int waiters() {
        return clients.get(0).list().stream().mapToInt(state -> state.waiters()).sum();
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
    void anExecutorThatRejectsLosesNothing(Transport transport) throws Exception {
        var rejecting = Executors.newSingleThreadExecutor();
        rejecting.shutdown();
        var client =
                EventfddClient.builder()
                        .runtimeDirectory(daemon.directory())
                        .transport(transport)
                        .executor(rejecting)
                        .connect();
        clients.add(client);
        var eventfd = client.open("a", EventfdSpec.counter());
        var value = eventfd.readAsync();
        eventfd.write(3);
        assertThat(value.get(LONG.toSeconds(), TimeUnit.SECONDS)).isEqualTo(3);
        var seen = eventfd.awaitAsync();
        eventfd.write(4);
        assertThat(seen.get(LONG.toSeconds(), TimeUnit.SECONDS)).isEqualTo(4);
        assertThat(eventfd.read()).isEqualTo(4);
        var failing = eventfd.readAsync();
        eventfd.close();
        assertThatThrownBy(() -> failing.get(LONG.toSeconds(), TimeUnit.SECONDS))
                .hasCauseInstanceOf(ClosedEventfdException.class);
    }
}
