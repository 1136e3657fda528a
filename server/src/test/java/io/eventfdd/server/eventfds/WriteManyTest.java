package io.eventfdd.server.eventfds;

import static io.eventfdd.server.eventfds.LoopUnderTest.LONG;
import static io.eventfdd.server.eventfds.LoopUnderTest.NOT_AT_ALL;
import static io.eventfdd.server.eventfds.LoopUnderTest.name;
import static io.eventfdd.server.eventfds.LoopUnderTest.result;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.WaitRequest;
import io.eventfdd.internal.wire.WaitRequest.Mode;
import io.eventfdd.internal.wire.WriteManyRequest;
import io.eventfdd.internal.wire.WriteManyRequest.Entry;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;

/** Writes to many eventfds: all of them at one moment, or none. */
@Timeout(300)
class WriteManyTest {
    private LoopUnderTest it;
    private Caller client;

    @BeforeEach
    void start() throws Exception {
        it = new LoopUnderTest();
        client = it.client().caller();
    }

    @AfterEach
    void stop() throws Exception {
        it.close();
    }

    private List<EventfdName> write(Duration timeout, Entry... entries) {
        return write(timeout, List.of(entries), client);
    }

    private List<EventfdName> write(Duration timeout, List<Entry> entries, Caller caller) {
        return it.eventfds.write(new WriteManyRequest(entries, timeout), caller);
    }

    private static Entry entry(String name, long value) {
        return new Entry(name(name), value);
    }

    private long count(String name) {
        return it.eventfds.state(name(name), client).count();
    }

    private CompletableFuture<List<EventfdName>> waiting(
            String name, int waiters, Entry... entries) {
        return it.waiting(
                name(name), waiters, () -> write(LONG, List.of(entries), it.client().caller()));
    }

    @Test
    void eachGetsItsOwnValue() {
        it.counter("a");
        it.semaphore("b", 2);
        assertThat(write(NOT_AT_ALL, entry("a", Long.MIN_VALUE), entry("b", 3))).isEmpty();
        assertThat(count("a")).isEqualTo(Long.MIN_VALUE);
        assertThat(count("b")).isEqualTo(5);
    }

    @Test
    void ifOneHasNoRoomNothingIsAddedAndItIsNamed() {
        List.of("a", "full", "nearly", "b").forEach(it::counter);
        it.write(name("full"), Count.MAX);
        it.write(name("nearly"), Count.MAX - 1);
        assertThat(
                        write(
                                NOT_AT_ALL,
                                entry("a", 1),
                                entry("full", 1),
                                entry("nearly", 2),
                                entry("b", 1)))
                .containsExactly(name("full"), name("nearly"));
        assertThat(List.of(count("a"), count("b"))).containsOnly(0L);
        assertThat(write(NOT_AT_ALL, entry("a", 1), entry("nearly", 1))).isEmpty();
        assertThat(count("nearly")).isEqualTo(Count.MAX);
    }

    @Test
    void itWaitsForRoomInOneAfterTheOtherAndThenAddsToAll() {
        List.of("a", "b", "c").forEach(it::counter);
        it.write(name("a"), Count.MAX);
        it.write(name("b"), Count.MAX);
        var writing = waiting("c", 1, entry("c", 7), entry("a", 7), entry("b", 7));
        assertThat(it.read(name("a"))).isEqualTo(Count.MAX);
        it.eventfds.size(); // what the read caused on the loop is done
        assertThat(writing).isNotDone();
        assertThat(List.of(count("a"), count("c"))).containsOnly(0L);
        assertThat(it.read(name("b"))).isEqualTo(Count.MAX);
        assertThat(result(writing)).isEmpty();
        assertThat(List.of(count("a"), count("b"), count("c"))).containsOnly(7L);
    }

    @Test
    void whileItLacksRoomInOneOthersWriteToTheRest() {
        List.of("a", "full").forEach(it::counter);
        it.write(name("full"), Count.MAX);
        var writing = waiting("full", 1, entry("a", 1), entry("full", 1));
        assertThat(it.eventfds.write(name("a"), 5, NOT_AT_ALL, client)).isTrue();
        assertThat(count("a")).isEqualTo(5);
        it.read(name("full"));
        assertThat(result(writing)).isEmpty();
        assertThat(count("a")).isEqualTo(6);
    }

    @Test
    void itOvertakesNobodyWhoWaitsForRoom() {
        List.of("a", "full").forEach(it::counter);
        it.write(name("full"), Count.MAX);
        var first = it.writing(name("full"), 1, 9);
        var many = waiting("full", 2, entry("a", 1), entry("full", Count.MAX - 8));
        it.read(name("full"));
        assertThat(result(first)).isTrue();
        assertThat(many).isNotDone();
        assertThat(it.read(name("full"))).isEqualTo(9);
        assertThat(result(many)).isEmpty();
    }

    @Test
    void whereOthersWaitForRoomFirstNothingIsAddedThoughThereIsRoomForIt() {
        List.of("a", "b").forEach(it::counter);
        it.write(name("b"), Count.MAX - 1);
        var first = it.writing(name("b"), 1, 2);
        for (var timeout : List.of(NOT_AT_ALL, Duration.ofMillis(1))) {
            assertThat(write(timeout, entry("a", 1), entry("b", 1))).containsExactly(name("b"));
            assertThat(write(timeout, entry("b", 1))).containsExactly(name("b"));
        }
        assertThat(count("a")).isZero();
        assertThat(it.read(name("b"))).isEqualTo(Count.MAX - 1);
        assertThat(result(first)).isTrue();
    }

    @Test
    void itEndsWhenOneOfThemIsDeletedAndAddsNothing() {
        List.of("a", "b", "full").forEach(it::counter);
        it.write(name("full"), Count.MAX);
        var writing = waiting("full", 1, entry("a", 1), entry("b", 1), entry("full", 1));
        it.eventfds.delete(name("b"), client);
        assertProblem(writing, ProblemType.GONE);
        assertThat(count("a")).isZero();
    }

    @Test
    void allNamesHaveToBeThereAndWritable() {
        it.counter("a");
        assertThatThrownBy(() -> write(NOT_AT_ALL, entry("a", 1), entry("none", 1)))
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        e -> assertThat(e.problem().type()).isEqualTo(ProblemType.NOT_FOUND));
        assertThat(count("a")).isZero();
    }

    /** Who looks at one and then at the other never sees the second behind the first. */
    @Test
    void nobodySeesAPartOfIt() {
        List.of("a", "b").forEach(it::counter);
        var writing = new AtomicBoolean(true);
        var writers =
                IntStream.range(0, 2)
                        .mapToObj(n ->
                                it.inBackground(() -> {
                                    var caller = it.client().caller();
                                    while (writing.get()) {
                                        write(
                                                NOT_AT_ALL,
                                                List.of(entry("a", 1), entry("b", 1)),
                                                caller);
                                    }
                                    return true;
                                }))
                        .toList();
        try {
            for (int i = 0; i < 3_000; i++) {
                long before = count("a");
                assertThat(count("b")).isGreaterThanOrEqualTo(before);
                var both =
                        it.eventfds.await(
                                new WaitRequest(
                                        List.of(name("a"), name("b")), Mode.ALL, false, LONG),
                                client);
                assertThat(both.orElseThrow().stream().map(Reading::value).distinct()).hasSize(1);
            }
        } finally {
            writing.set(false);
        }
        writers.forEach(LoopUnderTest::result);
        assertThat(count("a")).isEqualTo(count("b"));
    }

    @Test
    void aThousandNamesAreWrittenAtOnce() {
        var spec = EventfdSpec.counter().withInitial(5);
        var entries = new ArrayList<Entry>();
        for (int i = 0; i < WriteManyRequest.MAX_NAMES; i++) {
            entries.add(new Entry(it.make("n" + i, spec), 1000 + i));
        }
        assertThat(write(NOT_AT_ALL, entries, client)).isEmpty();
        for (var entry : entries) {
            assertThat(it.eventfds.state(entry.name(), client).count())
                    .isEqualTo(entry.value() + 5);
        }
    }

    private static void assertProblem(CompletableFuture<?> call, ProblemType type) {
        assertThatThrownBy(() -> result(call))
                .cause()
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        e -> assertThat(e.problem().type()).isEqualTo(type));
    }
}
