package io.eventfdd.server.eventfds;

import static io.eventfdd.server.eventfds.LoopUnderTest.LONG;
import static io.eventfdd.server.eventfds.LoopUnderTest.NOT_AT_ALL;
import static io.eventfdd.server.eventfds.LoopUnderTest.name;
import static io.eventfdd.server.eventfds.LoopUnderTest.result;
import static io.eventfdd.server.eventfds.LoopUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.LeaseHolder;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.internal.wire.LeaseShare;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.ReadRequest;
import io.eventfdd.internal.wire.WaitRequest;
import io.eventfdd.internal.wire.WaitRequest.Mode;
import io.eventfdd.internal.wire.WriteManyRequest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/**
 * Waits at the sizes that the limits allow, and many waits at once: what one of them costs the
 * others is small and does not depend on its size.
 */
@Timeout(300)
class ManyNamesTest {
    /**
     * Far above what any turn of the loop takes, and far below what one takes whose cost grows with
     * the square of the names: 16 s.
     */
    private static final Duration FAR_TOO_LONG = Duration.ofSeconds(5);

    private LoopUnderTest it;
    private Caller client;

    @BeforeEach
    void start() throws Exception {
        it = new LoopUnderTest();
        client = it.client().caller();
    }

    @AfterEach
    void stop() throws Exception {
        assertThat(it.loop.longestTurn()).as("longest turn").isLessThan(FAR_TOO_LONG.toNanos());
        it.close();
    }

    private boolean write(EventfdName name, long value) {
        return it.eventfds.write(name, value, NOT_AT_ALL, client);
    }

    /** The value, or 0 if there is none. */
    private long read(EventfdName name) {
        return it.eventfds
                .read(name, new ReadRequest(NOT_AT_ALL), client)
                .map(Reading::value)
                .orElse(0L);
    }

    private List<EventfdName> counters(int count, long initial) {
        var spec = EventfdSpec.counter().withInitial(initial);
        return IntStream.range(0, count).mapToObj(i -> it.make("n" + i, spec)).toList();
    }

    private static WaitRequest all(boolean consume, List<EventfdName> some, EventfdName one) {
        var names = new ArrayList<>(some);
        names.add(one);
        return new WaitRequest(names, Mode.ALL, consume, LONG);
    }

    private CompletableFuture<Optional<List<Reading>>> waiting(
            EventfdName name, int waiters, WaitRequest request) {
        return it.waiting(name, waiters, () -> it.eventfds.await(request, it.client().caller()));
    }

    // All of many

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void manyWaitsForAllOfAThousandNamesAreServedWhenTheLastOneIsWritten(boolean consume) {
        var names = counters(999, 1);
        var missing = it.counter("missing");
        var waits =
                IntStream.rangeClosed(1, 19)
                        .mapToObj(n -> waiting(missing, n, all(consume, names, missing)))
                        .toList();
        long steps =
                steps(() -> {
                    for (var wait : consume ? waits : waits.subList(0, 1)) {
                        write(missing, 1);
                        assertThat(result(wait).orElseThrow()).hasSize(1000);
                        names.forEach(name -> assertThat(write(name, 1)).isTrue());
                    }
                    waits.forEach(wait -> assertThat(result(wait)).isPresent());
                });
        assertThat(steps).isBetween(19 * 1000L / 64, 2 * 19 * 1000L / 64);
    }

    @Test
    void aWriteToANameThatIsNotTheMissingOneDoesNotWakeTheLoop() {
        var names = counters(100, 1);
        var missing = it.counter("missing");
        var wait = waiting(missing, 1, all(true, names, missing));
        it.eventfds.size(); // the turn in which it came to stand is over
        long turns = turnsWhenQuiet();
        names.forEach(name -> assertThat(write(name, 1)).isTrue());
        assertThat(it.loop.turns()).isEqualTo(turns);
        write(missing, 1);
        assertThat(result(wait)).isPresent();
    }

    /**
     * How many turns the loop takes for {@code calls} if it does one step in each. Few are steps
     * that are too large, and many are more work than {@code ARCHITECTURE.md} says.
     */
    private long steps(Runnable calls) {
        it.oneStepATurn();
        long before = turnsWhenQuiet();
        calls.run();
        return turnsWhenQuiet() - before;
    }

    /** How many turns there were, once the loop sleeps. */
    private long turnsWhenQuiet() {
        long[] seen = {-1, 0};
        until(() -> {
            seen[1] = it.loop.turns() == seen[0] ? seen[1] + 1 : 0;
            seen[0] = it.loop.turns();
            return seen[1] > 100;
        });
        return seen[0];
    }

    @Test
    void aNameThatWasTakenMeanwhileIsWaitedForAgain() {
        List.of("a", "b", "c").forEach(it::counter);
        var wait = waiting(name("a"), 1, request(Mode.ALL, true, "a", "b", "c"));
        write(name("a"), 1);
        write(name("b"), 1);
        until(() -> it.count(name("a")) == 1);
        assertThat(read(name("a"))).isEqualTo(1);
        write(name("c"), 1);
        assertThat(wait).isNotDone();
        write(name("a"), 5);
        assertThat(result(wait).orElseThrow())
                .extracting(Reading::toString)
                .containsExactly("a=5", "b=1", "c=1");
    }

    private static WaitRequest request(Mode mode, boolean consume, String... names) {
        return new WaitRequest(
                List.of(names).stream().map(LoopUnderTest::name).toList(), mode, consume, LONG);
    }

    /**
     * What it lacks comes before the other reader does; so it is first, though it stands elsewhere.
     */
    @Test
    void aReadDoesNotOvertakeAWaitForAllThatStandsAtAnotherName() {
        for (int round = 0; round < 200; round++) {
            List.of("x", "y").forEach(it::counter);
            write(name("y"), 1);
            var wait = waiting(name("x"), 1, request(Mode.ALL, true, "x", "y"));
            write(name("x"), 1);
            assertThat(read(name("y"))).as("round %d", round).isZero();
            assertThat(result(wait)).isPresent();
            List.of("x", "y").forEach(name -> it.eventfds.delete(name(name), client));
        }
    }

    @Test
    void anObserverOfAllIsShownThemBeforeAReaderTakesOne() {
        for (int round = 0; round < 200; round++) {
            List.of("x", "y").forEach(it::counter);
            write(name("y"), 2);
            var wait = waiting(name("x"), 1, request(Mode.ALL, false, "x", "y"));
            write(name("x"), 1);
            assertThat(read(name("y"))).isEqualTo(2);
            assertThat(result(wait).orElseThrow())
                    .as("round %d", round)
                    .extracting(Reading::toString)
                    .containsExactly("x=1", "y=2");
            List.of("x", "y").forEach(name -> it.eventfds.delete(name(name), client));
        }
    }

    @Test
    void aWaitForAllEndsWhenANameIsDeletedThatItDoesNotStandAt() {
        List.of("x", "y").forEach(it::counter);
        write(name("y"), 1);
        var wait = waiting(name("x"), 1, request(Mode.ALL, true, "x", "y"));
        it.eventfds.delete(name("y"), client);
        assertProblem(wait, ProblemType.GONE);
        assertThat(it.eventfds.state(name("x"), client).waiters()).isZero();
    }

    // Any of many

    @Test
    void aWaitForAnyOfManyLeavesAllOfItsLines() {
        var names = counters(1024, 0);
        var request = new WaitRequest(names, Mode.ANY, true, LONG);
        var wait = waiting(names.getLast(), 1, request);
        assertThat(it.eventfds.waiting()).isEqualTo(1024);
        long steps =
                steps(() -> {
                    write(names.get(700), 3);
                    assertThat(result(wait).orElseThrow())
                            .extracting(Reading::toString)
                            .containsExactly("n700=3");
                });
        assertThat(steps).isBetween(1024L / 64, 2 * 1024L / 64);
        assertThat(it.eventfds.waiting()).isZero();
        assertThat(names)
                .allSatisfy(name -> assertThat(it.eventfds.state(name, client).waiters()).isZero());
    }

    // Many at one

    @Test
    void theWaitersOfADeletedEventfdAllEndAndItIsClosed() {
        var name = it.counter("gone");
        var readers = IntStream.rangeClosed(1, 500).mapToObj(n -> it.reading(name, n)).toList();
        long steps =
                steps(() -> {
                    it.eventfds.delete(name, client);
                    readers.forEach(reader -> assertProblem(reader, ProblemType.GONE));
                });
        assertThat(steps).isBetween(500L / 8, 2 * 500L / 8);
        assertThat(it.eventfds.waiting()).isZero();
    }

    @Test
    void manyWhoseTimeIsUpAtOnceAllEnd() {
        var name = it.counter("late");
        var readers = IntStream.rangeClosed(1, 500).mapToObj(n -> it.reading(name, n)).toList();
        long steps =
                steps(() -> {
                    it.pass(LONG);
                    readers.forEach(reader -> assertThat(result(reader)).isEmpty());
                });
        assertThat(steps).isBetween(500L, 2 * 500L);
        assertThat(it.eventfds.waiting()).isZero();
    }

    /** Their line is served for longer than it takes until the time of all is up. */
    @Test
    void manyWhoseTimeIsUpWhileTheirLineIsServedEndInTurn() {
        var name = it.counter("served");
        var any = new WaitRequest(List.of(name, it.counter("b")), Mode.ANY, false, LONG);
        var observers = IntStream.rangeClosed(1, 100).mapToObj(n -> waiting(name, n, any)).toList();
        var inTime = Duration.ofSeconds(4);
        var readers =
                IntStream.rangeClosed(101, 150).mapToObj(n -> reading(name, n, inTime)).toList();
        long steps =
                steps(() -> {
                    it.loop.submit(() -> {
                        write(name, 1);
                        it.pass(inTime);
                    });
                    assertThat(readers).filteredOn(reader -> result(reader).isPresent()).hasSize(1);
                });
        assertThat(steps).isBetween(100L + 50, 2 * (100L + 50));
        assertThat(observers).allSatisfy(observer -> assertThat(result(observer)).isPresent());
        assertThat(it.eventfds.waiting()).isZero();
    }

    /** Starts a read of {@code name}, and returns once that is the last of {@code waiters}. */
    private CompletableFuture<Optional<Reading>> reading(
            EventfdName name, int waiters, Duration timeout) {
        var caller = it.client().caller();
        return it.waiting(
                name, waiters, () -> it.eventfds.read(name, new ReadRequest(timeout), caller));
    }

    @Test
    void manyObserversAllSeeTheCountBeforeItIsTaken() {
        var name = it.counter("shown");
        var observers = IntStream.rangeClosed(1, 400).mapToObj(n -> it.observing(name, n)).toList();
        var reader = it.reading(name, 401);
        long steps =
                steps(() -> {
                    write(name, 7);
                    assertThat(result(reader).orElseThrow().value()).isEqualTo(7);
                });
        assertThat(steps).isBetween(400L / 32, 2 * 400L / 32);
        assertThat(observers)
                .allSatisfy(observer ->
                        assertThat(result(observer).orElseThrow().value()).isEqualTo(7));
    }

    /** Each of them takes two steps: its write, and the look for the next writer. */
    @Test
    void manyWritersToManyThatGetRoomAtOnceAddInTurn() {
        var common = it.counter("common");
        var full = IntStream.range(0, 50).mapToObj(n -> it.counter("full" + n)).toList();
        full.forEach(name -> assertThat(write(name, Count.MAX)).isTrue());
        var writers = full.stream().map(name -> writing(List.of(common, name), name)).toList();
        long steps =
                steps(() -> {
                    var room = new WaitRequest(full, Mode.ALL, true, LONG);
                    assertThat(it.eventfds.await(room, client)).isPresent();
                    writers.forEach(writer -> assertThat(result(writer)).isEmpty());
                });
        assertThat(steps).isBetween(2 * 50L, 3 * 50L);
        assertThat(it.count(common)).isEqualTo(50);
    }

    /** Starts to write 1 to each of {@code names}, and returns once that waits for room in one. */
    private CompletableFuture<List<EventfdName>> writing(List<EventfdName> names, EventfdName one) {
        var entries = names.stream().map(name -> new WriteManyRequest.Entry(name, 1)).toList();
        var caller = it.client().caller();
        return it.waiting(
                one, 1, () -> it.eventfds.write(new WriteManyRequest(entries, LONG), caller));
    }

    @Test
    void valuesThatGoBackToManyNamesTakeAStepEach() {
        var names = counters(200, 1);
        var all = new WaitRequest(names, Mode.ALL, true, LONG);
        var taken = it.eventfds.await(all, client).orElseThrow();
        var full = names.subList(0, 199);
        full.forEach(name -> assertThat(write(name, Count.MAX)).isTrue());
        long steps =
                steps(() -> {
                    it.eventfds.putBack(taken);
                    until(() -> it.count(names.getLast()) == 1);
                });
        assertThat(steps).isBetween(200L, 2 * 200L);
        assertThat(read(full.getLast())).isEqualTo(Count.MAX);
        until(() -> it.count(full.getLast()) == 1);
    }

    /** The reader behind a long line comes after it, and gets what is left. */
    @Test
    void aReadThatDoesNotWaitGetsWhatALongLineLeaves() {
        var name = it.semaphore("line", 0);
        var readers = IntStream.rangeClosed(1, 400).mapToObj(n -> it.reading(name, n)).toList();
        long steps =
                steps(() -> {
                    write(name, 401);
                    assertThat(read(name)).isEqualTo(1);
                    assertThat(read(name)).isZero();
                });
        assertThat(steps).isBetween(400L, 2 * 400L);
        readers.forEach(reader -> assertThat(result(reader)).isPresent());
    }

    /**
     * The reader behind them gets what is too little for them, and two permits are the third one's.
     */
    @Test
    void leasesThatLackPermitsArePassedOverTogether() {
        var name = it.semaphore("permits", 0);
        var leases =
                IntStream.rangeClosed(1, 400).mapToObj(n -> leasing(name, n, 2 + n % 3)).toList();
        long steps =
                steps(() -> {
                    write(name, 1);
                    assertThat(read(name)).isEqualTo(1);
                    write(name, 2);
                    assertThat(result(leases.get(2))).isPresent();
                });
        assertThat(steps).isLessThan(20);
        assertThat(leases).filteredOn(CompletableFuture::isDone).hasSize(1);
    }

    /** Starts to wait for a lease, and returns once that is the last of {@code waiters}. */
    private CompletableFuture<Optional<Lease>> leasing(EventfdName name, int waiters, int permits) {
        var request =
                new LeaseRequest(
                        List.of(new LeaseShare(name, permits)),
                        List.of(),
                        new LeaseHolder.For(LONG),
                        LONG);
        var caller = it.client().caller();
        return it.waiting(name, waiters, () -> it.eventfds.leases().take(request, false, caller));
    }

    private static void assertProblem(CompletableFuture<?> call, ProblemType type) {
        assertThatThrownBy(() -> result(call))
                .cause()
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        e -> assertThat(e.problem().type()).isEqualTo(type));
    }
}
