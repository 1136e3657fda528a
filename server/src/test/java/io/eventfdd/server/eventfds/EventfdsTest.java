package io.eventfdd.server.eventfds;

import static io.eventfdd.server.eventfds.LoopUnderTest.LONG;
import static io.eventfdd.server.eventfds.LoopUnderTest.NOT_AT_ALL;
import static io.eventfdd.server.eventfds.LoopUnderTest.name;
import static io.eventfdd.server.eventfds.LoopUnderTest.openFds;
import static io.eventfdd.server.eventfds.LoopUnderTest.result;
import static io.eventfdd.server.eventfds.LoopUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.ReadRequest;
import io.eventfdd.internal.wire.WaitRequest;
import io.eventfdd.internal.wire.WaitRequest.Mode;
import io.eventfdd.server.testing.OwnJvm;
import io.eventfdd.server.testing.TestLimits;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;

@OwnJvm
class EventfdsTest {
    private LoopUnderTest it;

    @BeforeEach
    void start() throws Exception {
        it = new LoopUnderTest();
    }

    @AfterEach
    void stop() throws Exception {
        it.close();
    }

    // Calls that need not wait

    @Test
    void writesAddUpUntilReadInCounterMode() {
        var name = it.counter("c");
        assertThat(it.write(name, 3)).isTrue();
        assertThat(it.write(name, 4)).isTrue();
        assertThat(it.read(name)).isEqualTo(7);
        assertThat(it.read(name)).isZero();
    }

    @Test
    void readsTakeOneInSemaphoreMode() {
        var name = it.semaphore("s", 3);
        assertThat(it.read(name)).isEqualTo(1);
        assertThat(it.count(name)).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1",
                "9007199254740993",
                "9223372036854775808",
                "18446744073709551613",
                "18446744073709551614"
            })
    void countsAreUnsigned(String digits) {
        var name = it.counter("u");
        long value = Long.parseUnsignedLong(digits);
        assertThat(it.write(name, value)).isTrue();
        assertThat(Count.toString(it.count(name))).isEqualTo(digits);
        assertThat(Count.toString(it.read(name))).isEqualTo(digits);
    }

    @Test
    void aWriteWithoutRoomAddsNothing() {
        var name = it.counter("full");
        it.write(name, Count.MAX - 1);
        assertThat(it.write(name, 2)).isFalse();
        assertThat(it.count(name)).isEqualTo(Count.MAX - 1);
        assertThat(it.write(name, 1)).isTrue();
    }

    @Test
    void theSameSpecFindsAndAnotherIsTold() {
        var caller = it.client().caller();
        it.counter("x");
        assertThat(
                        it.eventfds
                                .create(name("x"), EventfdSpec.counter().withInitial(9), caller)
                                .result())
                .isEqualTo(Creation.Result.FOUND);
        assertThat(it.eventfds.create(name("x"), EventfdSpec.semaphoreOf(0), caller).result())
                .isEqualTo(Creation.Result.DIFFERENT);
        assertThat(it.count(name("x"))).isZero();
    }

    @Test
    void aNameThatIsDeletedWhileItIsCreatedIsCreatedAgain() {
        var caller = it.client().caller();
        var over = new AtomicBoolean();
        var deletions =
                it.inBackground(() -> {
                    while (!over.get()) {
                        try {
                            it.eventfds.delete(name("x"), caller);
                        } catch (ProblemException e) {
                            assertThat(e.problem().type()).isEqualTo(ProblemType.NOT_FOUND);
                        }
                    }
                    return true;
                });
        try {
            for (int i = 0; i < 2_000; i++) {
                assertThat(it.eventfds.create(name("x"), EventfdSpec.counter(), caller).result())
                        .isIn(Creation.Result.CREATED, Creation.Result.FOUND);
            }
        } finally {
            over.set(true);
        }
        assertThat(result(deletions)).isTrue();
    }

    @Test
    void aWatchThatComesTooLateIsToldSo() throws Exception {
        var name = it.counter("x");
        it.eventfds.endWaits(End.SHUT_DOWN);
        var watch = it.eventfds.watch(name, it.client().caller());
        assertThat(watch.next(LONG)).hasValue(new Watch.Event.Ended(End.SHUT_DOWN));
    }

    @Test
    void theListIsInOrderAndComesInPages() {
        List.of("b", "a.2", "a.1", "A", "a.3").forEach(it::counter);
        var caller = it.client().caller();
        assertThat(names(it.eventfds.list("", "", 10, caller)))
                .containsExactly("A", "a.1", "a.2", "a.3", "b");
        var page = it.eventfds.list("a.", "", 2, caller);
        assertThat(names(page)).containsExactly("a.1", "a.2");
        assertThat(page.more()).isTrue();
        assertThat(names(it.eventfds.list("a.", "a.2", 2, caller))).containsExactly("a.3");
        assertThat(it.eventfds.list("a.", "a.2", 1, caller).more()).isFalse();
    }

    private static List<String> names(Page page) {
        return page.eventfds().stream().map(state -> state.name().value()).toList();
    }

    // Waiting

    @Test
    void aReaderIsWokenByAWrite() {
        var name = it.counter("r");
        var reader = it.reading(name, 1);
        it.write(name, 5);
        assertThat(value(reader)).isEqualTo(5);
        assertThat(it.count(name)).isZero();
    }

    @Test
    void aTimeoutIsNeverEarly() {
        var name = it.counter("t");
        for (long millis : new long[] {1, 20, 50}) {
            long begin = System.nanoTime();
            assertThat(
                            it.eventfds.read(
                                    name,
                                    new ReadRequest(Duration.ofMillis(millis)),
                                    it.client().caller()))
                    .isEmpty();
            assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(millis * 1_000_000);
        }
        it.write(name, 2);
        assertThat(it.count(name)).isEqualTo(2);
    }

    @Test
    void readersAreServedInTheOrderOfTheirArrival() {
        var name = it.semaphore("fifo", 0);
        var readers = new ArrayList<CompletableFuture<Optional<Reading>>>();
        for (int i = 1; i <= 5; i++) {
            readers.add(it.reading(name, i));
        }
        for (int i = 0; i < 5; i++) {
            it.write(name, 1);
            assertThat(value(readers.get(i))).isEqualTo(1);
            assertThat(readers.subList(i + 1, 5)).noneMatch(CompletableFuture::isDone);
        }
    }

    @Test
    void whoOnlyLooksIsWokenBeforeAConsumerTakesTheCount() {
        var name = it.counter("o");
        var consumer = it.reading(name, 1);
        var observers = IntStream.rangeClosed(2, 9).mapToObj(n -> it.observing(name, n)).toList();
        it.write(name, 9);
        assertThat(observers).allSatisfy(observer -> assertThat(value(observer)).isEqualTo(9));
        assertThat(value(consumer)).isEqualTo(9);
    }

    @Test
    void aReadThatDoesNotWaitOvertakesNobody() {
        var name = it.semaphore("no-overtaking", 0);
        var first = it.reading(name, 1);
        it.write(name, 1);
        assertThat(it.read(name)).isZero();
        assertThat(value(first)).isEqualTo(1);
    }

    @Test
    void writersThatWaitForRoomAreServedInOrder() {
        var name = it.counter("w");
        it.write(name, Count.MAX);
        var big = it.writing(name, 1, 100);
        var small = it.writing(name, 2, 1);
        assertThat(it.read(name)).isEqualTo(Count.MAX);
        assertThat(result(big)).isTrue();
        assertThat(result(small)).isTrue();
        assertThat(it.count(name)).isEqualTo(101);
    }

    @Test
    void aWriterWhoseTimeIsUpAddedNothing() {
        var name = it.counter("w2");
        it.write(name, Count.MAX);
        assertThat(it.eventfds.write(name, 1, Duration.ofMillis(30), it.client().caller()))
                .isFalse();
        assertThat(it.read(name)).isEqualTo(Count.MAX);
        assertThat(it.count(name)).isZero();
    }

    @Test
    void deletingEndsAllWhoWait() {
        var name = it.counter("d");
        it.counter("d2");
        it.write(name("d2"), Count.MAX);
        var read = it.reading(name, 1);
        var many =
                it.waiting(
                        name,
                        2,
                        () ->
                                it.eventfds.await(
                                        request(Mode.ALL, true, "d", "d2"), it.client().caller()));
        var write = it.writing(name("d2"), 2, 1);
        it.eventfds.delete(name, it.client().caller());
        assertProblem(read, ProblemType.GONE);
        assertProblem(many, ProblemType.GONE);
        it.eventfds.delete(name("d2"), it.client().caller());
        assertProblem(write, ProblemType.GONE);
        assertThatThrownBy(() -> it.read(name)).isInstanceOf(ProblemException.class);
    }

    @Test
    void aClientThatHangsUpTakesNothing() throws Exception {
        var name = it.counter("h");
        var client = it.client();
        var read =
                it.waiting(
                        name,
                        1,
                        () -> it.eventfds.read(name, new ReadRequest(LONG), client.caller()));
        client.end().close();
        assertThatThrownBy(() -> result(read)).hasCauseInstanceOf(ClientGoneException.class);
        it.write(name, 4);
        assertThat(it.read(name)).isEqualTo(4);
    }

    @Test
    void aClientThatOnlyStopsSendingIsStillThere() throws Exception {
        var name = it.counter("half");
        var client = it.client();
        var read =
                it.waiting(
                        name,
                        1,
                        () -> it.eventfds.read(name, new ReadRequest(LONG), client.caller()));
        client.end().shutdownOutput();
        it.write(name, 4);
        assertThat(value(read)).isEqualTo(4);
    }

    @Test
    void shuttingDownEndsAllWhoWaitAndAllWhoCome() {
        var name = it.counter("sd");
        var read = it.reading(name, 1);
        it.eventfds.endWaits(End.SHUT_DOWN);
        assertProblem(read, ProblemType.SHUTTING_DOWN);
        assertProblem(
                it.inBackground(
                        () -> it.eventfds.read(name, new ReadRequest(LONG), it.client().caller())),
                ProblemType.SHUTTING_DOWN);
    }

    @Test
    void whatIsPutBackGoesToTheNextInLineBeforeWritersThatWait() {
        var name = it.counter("back");
        it.write(name, 7);
        var taken =
                it.eventfds
                        .read(name, new ReadRequest(NOT_AT_ALL), it.client().caller())
                        .orElseThrow();
        it.write(name, Count.MAX - 2);
        var writer = it.writing(name, 1, 3);
        it.eventfds.putBack(List.of(taken));
        it.eventfds.size(); // what was submitted to the loop before is done after it
        // As far as there is room, and the rest as soon as there is.
        assertThat(it.read(name)).isEqualTo(Count.MAX);
        assertThat(result(writer)).isTrue();
        until(() -> it.count(name) == 5 + 3);
    }

    @Test
    void whatIsPutBackOfADeletedEventfdGoesWithIt() {
        var name = it.counter("back2");
        it.write(name, 7);
        var taken =
                it.eventfds
                        .read(name, new ReadRequest(NOT_AT_ALL), it.client().caller())
                        .orElseThrow();
        it.eventfds.delete(name, it.client().caller());
        it.counter("back2");
        it.eventfds.putBack(List.of(taken));
        assertThat(it.count(name)).isZero();
    }

    // Waiting on many

    @Test
    void anyTakesFromAllThatAreReadable() {
        List.of("a", "b", "c").forEach(it::counter);
        it.write(name("b"), 2);
        it.write(name("c"), 3);
        assertThat(many(Mode.ANY, true, "a", "b", "c")).containsExactlyInAnyOrder("b=2", "c=3");
        assertThat(it.count(name("b")) + it.count(name("c"))).isZero();
    }

    @Test
    void allTakesNothingBeforeAllAreReadable() {
        List.of("a", "b").forEach(it::counter);
        var all =
                it.waiting(
                        name("a"),
                        1,
                        () ->
                                it.eventfds.await(
                                        request(Mode.ALL, true, "a", "b"), it.client().caller()));
        it.write(name("a"), 1);
        assertThat(it.read(name("a"))).isEqualTo(1);
        it.write(name("b"), 2);
        it.write(name("a"), 3);
        assertThat(result(all).orElseThrow())
                .extracting(Reading::toString)
                .containsExactlyInAnyOrder("a=3", "b=2");
    }

    @Test
    void anAllThatCannotBeServedKeepsItsPlaceButHoldsUpNobody() {
        List.of("a", "b").forEach(name -> it.semaphore(name, 0));
        var all =
                it.waiting(
                        name("a"),
                        1,
                        () ->
                                it.eventfds.await(
                                        request(Mode.ALL, true, "a", "b"), it.client().caller()));
        var behind = it.reading(name("a"), 2);
        it.write(name("a"), 1);
        assertThat(value(behind)).isEqualTo(1);
        it.write(name("b"), 1);
        var late = it.reading(name("a"), 2);
        it.write(name("a"), 1);
        assertThat(result(all)).isPresent();
        assertThat(late).isNotDone();
    }

    @Test
    void aMultiWaitPassesNobodyByInAnyOfItsLines() {
        List.of("a", "b").forEach(name -> it.semaphore(name, 0));
        var single = it.reading(name("b"), 1);
        var any =
                it.waiting(
                        name("b"),
                        2,
                        () ->
                                it.eventfds.await(
                                        request(Mode.ANY, true, "a", "b"), it.client().caller()));
        // Both become readable before the loop looks at either.
        it.loop.submit(() -> {
            it.write(name("a"), 1);
            it.write(name("b"), 1);
        });
        assertThat(value(single)).isEqualTo(1);
        assertThat(result(any).orElseThrow()).extracting(Reading::toString).containsExactly("a=1");
    }

    @Test
    void consumingAllIsAtomicAmongManyWhoWant() {
        List.of("a", "b").forEach(name -> it.semaphore(name, 0));
        var alls =
                IntStream.rangeClosed(1, 20)
                        .mapToObj(n ->
                                it.waiting(
                                        name("a"),
                                        n,
                                        () ->
                                                it.eventfds.await(
                                                        request(
                                                                Mode.ALL,
                                                                true,
                                                                n % 2 == 0
                                                                        ? List.of("a", "b")
                                                                        : List.of("b", "a")),
                                                        it.client().caller())))
                        .toList();
        var writers =
                IntStream.range(0, 20)
                        .mapToObj(n ->
                                it.inBackground(
                                        () -> it.write(name("a"), 1) && it.write(name("b"), 1)))
                        .toList();
        writers.forEach(LoopUnderTest::result);
        assertThat(alls).allSatisfy(all -> assertThat(result(all)).isPresent());
        assertThat(it.count(name("a")) + it.count(name("b"))).isZero();
    }

    /**
     * A write may fall between two looks of one pass; so this is tried until it must have happened.
     */
    @Test
    void whatComesAmidAPassIsForThoseWhoAreAhead() {
        var toAll = it.client().caller();
        var toLate = it.client().caller();
        var toObserver = it.client().caller();
        List.of("a", "b").forEach(name -> it.semaphore(name, 0));
        for (int round = 0; round < 1_000; round++) {
            it.write(name("b"), 1);
            var all =
                    it.waiting(
                            name("a"),
                            1,
                            () -> it.eventfds.await(request(Mode.ALL, true, "a", "b"), toAll));
            var late =
                    it.inBackground(
                            () -> it.eventfds.read(name("a"), new ReadRequest(LONG), toLate));
            amid(round);
            it.write(name("a"), 1);
            assertThat(result(all)).as("round %d", round).isPresent();
            assertThat(late).isNotDone();
            var observer =
                    it.waiting(name("b"), 1, () -> it.eventfds.await(name("b"), LONG, toObserver));
            var consumer =
                    it.inBackground(
                            () -> it.eventfds.read(name("b"), new ReadRequest(LONG), toAll));
            amid(round);
            it.write(name("b"), 1);
            assertThat(value(observer)).as("round %d", round).isEqualTo(1);
            assertThat(value(consumer)).isEqualTo(1);
            it.write(name("a"), 1);
            assertThat(value(late)).isEqualTo(1);
        }
    }

    /** Another moment in each {@code round}. */
    private static void amid(int round) {
        long end = System.nanoTime() + round % 100 * 1_000L;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    // Watching

    @Test
    void theLastCountComesBeforeTheEndOfAWatchHoweverSoonThatIs() throws Exception {
        var name = it.counter("n");
        it.write(name, 2);
        var unread = it.eventfds.watch(name, it.client().caller());
        var watch = it.eventfds.watch(name, it.client().caller());
        assertThat(watch.next(LONG)).contains(new Watch.Event.Counted(2));
        var goOn = new CompletableFuture<Void>();
        it.loop.submit(goOn::join);
        assertThat(it.write(name, 3)).isTrue();
        var deleting = new Thread(() -> it.eventfds.delete(name, it.looking()));
        deleting.start();
        until(() -> deleting.getState() == Thread.State.WAITING);
        goOn.complete(null);
        deleting.join();
        for (var each : List.of(unread, watch)) {
            assertThat(each.next(LONG)).contains(new Watch.Event.Counted(5));
            assertThat(each.next(LONG)).contains(new Watch.Event.Ended(End.DELETED));
        }
    }

    @Test
    void theEndOfAWatchDoesNotTellACountAgain() throws Exception {
        var name = it.counter("n");
        it.write(name, 2);
        var watch = it.eventfds.watch(name, it.client().caller());
        it.eventfds.delete(name, it.looking());
        assertThat(watch.next(LONG)).contains(new Watch.Event.Counted(2));
        assertThat(watch.next(LONG)).contains(new Watch.Event.Ended(End.DELETED));
    }

    @Test
    void aWatcherSeesTheCountAtOnceAndTheLastOneAlways() throws Exception {
        var name = it.counter("v");
        it.write(name, 2);
        var watch = it.eventfds.watch(name, it.client().caller());
        assertThat(watch.next(LONG)).contains(new Watch.Event.Counted(2));
        for (int i = 0; i < 100; i++) {
            it.write(name, 1);
        }
        until(() -> {
            try {
                return watch.next(LONG).orElseThrow().equals(new Watch.Event.Counted(102));
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        it.eventfds.delete(name, it.client().caller());
        assertThat(watch.next(LONG)).contains(new Watch.Event.Ended(End.DELETED));
    }

    // Limits and resources

    @Test
    void aWaitOverTheLimitIsRefused() throws Exception {
        try (var small = new LoopUnderTest(TestLimits.of(2, 2))) {
            var name = small.counter("a");
            small.counter("b");
            assertThatThrownBy(() -> small.counter("c"))
                    .hasMessageContaining("limit: max-eventfds");
            var first =
                    small.waiting(
                            name,
                            1,
                            () ->
                                    small.eventfds.read(
                                            name, new ReadRequest(LONG), small.client().caller()));
            var second =
                    small.waiting(
                            name,
                            2,
                            () ->
                                    small.eventfds.read(
                                            name, new ReadRequest(LONG), small.client().caller()));
            assertThatThrownBy(() ->
                            small.eventfds.read(
                                    name, new ReadRequest(LONG), small.client().caller()))
                    .hasMessageContaining("limit: max-waiters");
            assertThat(List.of(first, second)).noneMatch(CompletableFuture::isDone);
        }
    }

    @Test
    void twoThousandWaitAtOnceAndAllAreServed() {
        var name = it.semaphore("crowd", 0);
        var readers =
                IntStream.range(0, 2000)
                        .mapToObj(n -> it.client())
                        .map(client ->
                                it.inBackground(() ->
                                        it.eventfds.read(
                                                name, new ReadRequest(LONG), client.caller())))
                        .toList();
        until(() -> it.eventfds.state(name, it.client().caller()).waiters() == 2000);
        it.write(name, 2000);
        assertThat(readers).allSatisfy(reader -> assertThat(value(reader)).isEqualTo(1));
    }

    @Test
    void tenThousandEventfdsComeAndGo() throws Exception {
        var caller = it.client().caller();
        long before = openFds();
        for (int i = 0; i < 10_000; i++) {
            it.eventfds.create(name("n" + i), EventfdSpec.counter().withInitial(1), caller);
        }
        assertThat(openFds()).isEqualTo(before + 10_000);
        for (int i = 0; i < 10_000; i++) {
            it.eventfds.delete(name("n" + i), caller);
        }
        assertThat(openFds()).isEqualTo(before);
    }

    @Test
    void theLoopSleepsWhileCountsStandUnread() throws Exception {
        var name = it.counter("idle");
        it.counter("other");
        it.write(name, 1);
        var all =
                it.waiting(
                        name("other"),
                        1,
                        () ->
                                it.eventfds.await(
                                        request(Mode.ALL, true, "idle", "other"),
                                        it.client().caller()));
        var before = it.loop.turns();
        assertThat(
                        it.eventfds.read(
                                name("other"),
                                new ReadRequest(Duration.ofMillis(300)),
                                it.client().caller()))
                .isEmpty();
        assertThat(it.loop.turns() - before).isLessThan(20);
        assertThat(all).isNotDone();
    }

    private static WaitRequest request(Mode mode, boolean consume, String... names) {
        return request(mode, consume, List.of(names));
    }

    private static WaitRequest request(Mode mode, boolean consume, List<String> names) {
        return new WaitRequest(names.stream().map(EventfdName::new).toList(), mode, consume, LONG);
    }

    private List<String> many(Mode mode, boolean consume, String... names) {
        return it
                .eventfds
                .await(request(mode, consume, names), it.client().caller())
                .orElseThrow()
                .stream()
                .map(Reading::toString)
                .toList();
    }

    private static long value(CompletableFuture<Optional<Reading>> call) {
        return result(call).map(Reading::value).orElse(0L);
    }

    private static void assertProblem(CompletableFuture<?> call, ProblemType type) {
        assertThatThrownBy(() -> result(call))
                .cause()
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        e -> assertThat(e.problem().type()).isEqualTo(type));
    }
}
