package io.eventfdd.server.eventfds;

import static io.eventfdd.server.eventfds.LoopUnderTest.LONG;
import static io.eventfdd.server.eventfds.LoopUnderTest.NOT_AT_ALL;
import static io.eventfdd.server.eventfds.LoopUnderTest.name;
import static io.eventfdd.server.eventfds.LoopUnderTest.result;
import static io.eventfdd.server.eventfds.LoopUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.util.Objects.requireNonNull;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.ReadBuffer;
import io.eventfdd.internal.linux.ThreadAlarm;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.ReadRequest;
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
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * Eventfds that somebody outside holds too: who may block them, fill them and read them empty at
 * any moment. The loop must not stall, whatever they do.
 */
@Timeout(300)
class SharedEventfdsTest {
    private static final EventfdSpec BLOCKING = EventfdSpec.counter().withNonblocking(false);
    private static final int ROUNDS = 500;
    private static final Duration SHORT = Duration.ofMillis(20);

    private final ReadBuffer buffer = new ReadBuffer();
    private final List<EventFd> holders = new ArrayList<>();
    private LoopUnderTest it;

    /** Who makes all calls that do not wait. */
    private Caller client;

    @BeforeEach
    void start() throws Exception {
        it = new LoopUnderTest();
        client = it.client().caller();
    }

    /** Makes room first, in case a test has failed with the loop stuck. */
    @AfterEach
    void stop() throws Exception {
        for (var holder : holders) {
            holder.readNow(buffer);
        }
        it.close();
        holders.forEach(EventFd::close);
    }

    /** Another holder's descriptor of it. */
    private EventFd share(EventfdName name) {
        var caller = it.client().caller();
        var holder = new CompletableFuture<EventFd>();
        it.loop.submit(() -> {
            var opened =
                    it.eventfds
                            .handouts()
                            .open(new OpenRequest(List.of(OpenRequest.Entry.of(name))), caller);
            holder.complete(EventFd.adopt(opened.fds().getFirst().duplicate()));
        });
        holders.add(result(holder));
        return holders.getLast();
    }

    /**
     * For what spins or blocks in the kernel: a platform thread, which the JVM does not wait for.
     */
    private static <T> CompletableFuture<T> onThread(Callable<T> call) {
        var result = new CompletableFuture<T>();
        Thread.ofPlatform()
                .daemon()
                .start(() -> {
                    try {
                        result.complete(call.call());
                    } catch (Throwable e) {
                        result.completeExceptionally(e);
                    }
                });
        return result;
    }

    /** It would be there twice if the loop added it as well. */
    @Test
    void whatFoundNoRoomIsTheNextProcessesOnceItWasLeftToIt() throws Exception {
        var name = it.counter("full");
        it.write(name, 5);
        var taken = it.eventfds.read(name, new ReadRequest(NOT_AT_ALL), client).orElseThrow();
        var holder = share(name);
        assertThat(it.write(name, Count.MAX)).isTrue();
        it.eventfds.putBack(List.of(taken));
        it.eventfds.endWaits(End.SHUT_DOWN);
        var kept = it.eventfds.succession().keep().getFirst();
        assertThat(kept.returning()).containsExactly(5L);
        assertThat(holder.readNow(buffer)).isEqualTo(Count.MAX);
        // Two turns, so that the loop has heard of the room.
        it.eventfds.size();
        it.eventfds.size();
        assertThat(holder.readNow(buffer)).isZero();
    }

    /** Otherwise nobody could wake those who wait. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCallThatNeedNotWaitIsServedThoughNoMoreMayWait(boolean watched) throws Exception {
        var name = it.counter("shared");
        share(name);
        if (watched) { // so that its line is served step by step
            var _ = it.eventfds.watch(name, it.client().caller());
        }
        var waiting = it.reading(it.counter("other"), 1);
        var room = new Limits.Limit(100, 100);
        var one = new Limits.Limit(1, 1);
        it.eventfds.limit(new Limits(room, one, 100, room, room, 100));

        assertThat(it.write(name, 3)).isTrue();
        assertThat(read(name, LONG)).hasValue(3L);
        assertThat(read(name, NOT_AT_ALL)).isEmpty();
        var toMany = new WriteManyRequest(List.of(new WriteManyRequest.Entry(name, 2)), LONG);
        assertThat(it.eventfds.write(toMany, client)).isEmpty();
        assertThatThrownBy(() -> it.eventfds.write(name, Count.MAX, LONG, client))
                .hasMessageContaining("max-waiters");
        assertThat(read(name, LONG)).hasValue(2L);
        assertThatThrownBy(() -> read(name, LONG)).hasMessageContaining("max-waiters");

        assertThat(it.write(name("other"), 1)).isTrue();
        assertThat(result(waiting)).isPresent();
        assertThat(it.eventfds.waiting()).isZero();
    }

    private Optional<Long> read(EventfdName name, Duration timeout) {
        return it.eventfds.read(name, new ReadRequest(timeout), client).map(Reading::value);
    }

    private void assertThatTheLoopTurns() {
        assertThat(it.eventfds.isTurning()).as("the loop turns").isTrue();
    }

    // Calls that come back even where the loop does not

    private boolean write(EventfdName name, long value) {
        return result(it.inBackground(() -> it.eventfds.write(name, value, NOT_AT_ALL, client)));
    }

    private boolean write(EventfdName name, long value, Duration timeout) {
        var mine = it.client().caller();
        return result(it.inBackground(() -> it.eventfds.write(name, value, timeout, mine)));
    }

    private long read(EventfdName name) {
        return result(
                it.inBackground(() ->
                        it.eventfds
                                .read(name, new ReadRequest(NOT_AT_ALL), client)
                                .map(Reading::value)
                                .orElse(0L)));
    }

    private long count(EventfdName name) {
        return it.eventfds.state(name, client).count();
    }

    // The flag

    @Test
    void theFlagIsWhatTheSpecSaysOnceItLeavesTheProcess() throws Exception {
        var blocking = share(it.make("b", BLOCKING));
        var nonblocking = share(it.counter("n"));
        assertThat(blocking.fd().isNonblocking()).isFalse();
        assertThat(nonblocking.fd().isNonblocking()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void eachHandOutSetsTheFlagAgainAsTheSpecHasIt(boolean nonblocking) throws Exception {
        var name = it.make("n", EventfdSpec.counter().withNonblocking(nonblocking));
        var first = share(name);
        for (int i = 0; i < 3; i++) {
            first.fd().setNonblocking(!nonblocking);
            var next = share(name);
            assertThat(next.fd().isNonblocking()).isEqualTo(nonblocking);
            assertThat(first.fd().isNonblocking())
                    .as("it is one description")
                    .isEqualTo(nonblocking);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theStateSaysWhatHoldersHaveMadeOfTheFlag(boolean nonblocking) throws Exception {
        var spec = EventfdSpec.counter().withNonblocking(nonblocking);
        var name = it.make("n", spec);
        assertThat(it.eventfds.state(name, client).nonblocking())
                .as("nobody holds it yet")
                .isEqualTo(nonblocking);
        var holder = share(name);
        for (boolean flag : new boolean[] {nonblocking, !nonblocking, nonblocking}) {
            holder.fd().setNonblocking(flag);
            assertThat(it.eventfds.state(name, client).nonblocking()).isEqualTo(flag);
            assertThat(it.eventfds.list("", "", 10, client).eventfds().getFirst().nonblocking())
                    .isEqualTo(flag);
            var again = it.eventfds.create(name, spec, client);
            assertThat(again.result()).as("its spec stays").isEqualTo(Creation.Result.FOUND);
            assertThat(again.state().nonblocking()).isEqualTo(flag);
        }
    }

    // Calls

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void callsAndHoldersSeeOneCount(boolean nonblocking) throws Exception {
        var name = it.make("c", EventfdSpec.counter().withNonblocking(nonblocking));
        var holder = share(name);
        assertThat(write(name, 3)).isTrue();
        holder.write(4);
        assertThat(count(name)).isEqualTo(7);
        assertThat(read(name)).isEqualTo(7);
        assertThat(read(name)).as("of an empty one").isZero();
        write(name, Count.MAX);
        assertThat(holder.read()).isEqualTo(Count.MAX);
        assertThatTheLoopTurns();
    }

    @Test
    void aSharedSemaphoreGivesEachOne() throws Exception {
        var name = it.make("s", EventfdSpec.semaphoreOf(3).withNonblocking(false));
        var holder = share(name);
        assertThat(read(name)).isEqualTo(1);
        assertThat(holder.read()).isEqualTo(1);
        assertThat(read(name)).isEqualTo(1);
        assertThat(read(name)).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aWriteWithoutRoomIsRefusedAndAddsNothing(boolean nonblocking) throws Exception {
        var name = it.make("full", EventfdSpec.counter().withNonblocking(nonblocking));
        var holder = share(name);
        holder.fd().setNonblocking(false);
        holder.write(Count.MAX);
        for (long value : new long[] {1, 2, Count.MAX}) {
            assertThat(write(name, value, NOT_AT_ALL)).isFalse();
            assertThat(write(name, value, SHORT)).isFalse();
        }
        assertThat(count(name)).isEqualTo(Count.MAX);
        assertThatTheLoopTurns();
        assertThat(holder.read()).isEqualTo(Count.MAX);
        assertThat(count(name)).as("nothing came after the refusals").isZero();
    }

    @Test
    void aReaderIsWokenByAHoldersWrite() throws Exception {
        var name = it.make("r", BLOCKING);
        var holder = share(name);
        var read = it.reading(name, 1);
        holder.write(9);
        assertThat(result(read).orElseThrow().value()).isEqualTo(9);
    }

    @Test
    void aWriterThatWaitsIsServedWhenAHolderMakesRoom() throws Exception {
        var name = it.make("w", BLOCKING);
        var holder = share(name);
        holder.write(Count.MAX);
        var big = it.writing(name, 1, Count.MAX);
        var small = it.writing(name, 2, 1);
        assertThat(holder.readNow(buffer)).isEqualTo(Count.MAX);
        assertThat(result(big)).as("first come, first served").isTrue();
        assertThat(small).isNotDone();
        assertThat(holder.readNow(buffer)).isEqualTo(Count.MAX);
        assertThat(result(small)).isTrue();
        assertThat(count(name)).isEqualTo(1);
    }

    @Test
    void aWaiterThatAHolderOvertookGoesOnWaiting() throws Exception {
        var name = it.make("o", BLOCKING);
        var holder = share(name);
        var read = it.reading(name, 1);
        long written = 0;
        long overtaken = 0;
        while (!read.isDone()) {
            holder.write(1);
            written++;
            overtaken += holder.readNow(buffer);
        }
        assertThat(result(read).orElseThrow().value() + overtaken + holder.readNow(buffer))
                .isEqualTo(written);
    }

    // Holders that race

    @Test
    void nothingIsLostOrMadeWhereAHolderReadsAgainstWaitingReaders() throws Exception {
        var name = it.make("race", BLOCKING);
        int writes = 2000;
        var holder = share(name);
        var over = new AtomicBoolean();
        var raw = onThread(() -> readUntil(over, holder));
        var readers =
                IntStream.range(0, 4)
                        .mapToObj(n -> it.inBackground(() -> readUntil(over, name)))
                        .toList();
        for (int i = 0; i < writes; i++) {
            assertThat(write(name, 1)).isTrue();
        }
        over.set(true);
        long taken = result(raw);
        for (var reader : readers) {
            taken += result(reader);
        }
        assertThat(taken + read(name)).isEqualTo(writes);
    }

    private static long readUntil(AtomicBoolean over, EventFd holder) throws ErrnoException {
        var mine = new ReadBuffer();
        long taken = 0;
        while (!over.get()) {
            taken += holder.readNow(mine);
            Thread.onSpinWait();
        }
        return taken;
    }

    private long readUntil(AtomicBoolean over, EventfdName name) {
        var caller = it.client().caller();
        long taken = 0;
        while (!over.get()) {
            taken +=
                    it.eventfds
                            .read(name, new ReadRequest(Duration.ofMillis(5)), caller)
                            .map(Reading::value)
                            .orElse(0L);
        }
        return taken;
    }

    /**
     * A holder fills it just when a write comes in, and nobody makes room: a write of the loop's
     * that saw room is stuck in the kernel then, until it is interrupted.
     */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aHolderThatFillsItUnderAWriteDoesNotStallTheLoop(boolean nonblocking) throws Exception {
        var name = it.make("under", EventfdSpec.counter().withNonblocking(nonblocking));
        var caller = it.client().caller();
        var holder = share(name);
        holder.fd().setNonblocking(false);
        var round = new AtomicInteger();
        var filled = new SynchronousQueue<Boolean>();
        var filler = onThread(() -> fillEachRound(holder, round, filled));
        try {
            for (int i = 1; i <= ROUNDS; i++) {
                round.set(i);
                boolean added =
                        result(
                                it.inBackground(
                                        () -> it.eventfds.write(name, 1, NOT_AT_ALL, caller)));
                boolean full = requireNonNull(filled.poll(15, TimeUnit.SECONDS));
                assertThat(added).as("one of both has room").isNotEqualTo(full);
                assertThat(holder.readNow(buffer)).isEqualTo(added ? 1 : Count.MAX);
            }
        } finally {
            holder.readNow(buffer);
            round.set(Integer.MAX_VALUE);
        }
        assertThat(result(filler)).isTrue();
        assertThat(count(name)).isZero();
        assertThatTheLoopTurns();
    }

    /** The alarm that guards the writes of the loop wakes it every 2 ms until it is cleared. */
    @Test
    void theLoopSleepsAgainAfterItsWrites() throws Exception {
        var name = it.make("rest", EventfdSpec.counter());
        share(name);
        for (int i = 0; i < 100; i++) {
            assertThat(write(name, 1)).isTrue();
        }
        assertThat(sleepsWithin(Duration.ofSeconds(20))).as("the loop sleeps").isTrue();
        assertThat(write(name, 1)).isTrue();
        assertThat(sleepsWithin(Duration.ofSeconds(20))).as("the loop sleeps again").isTrue();
        assertThat(read(name)).isEqualTo(101);
    }

    /** Whether the loop has no turn for 100 ms within {@code time}. */
    private boolean sleepsWithin(Duration time) throws InterruptedException {
        long end = System.nanoTime() + time.toNanos();
        long before = it.loop.turns();
        while (System.nanoTime() < end) {
            Thread.sleep(100);
            long now = it.loop.turns();
            if (now == before) {
                return true;
            }
            before = now;
        }
        return false;
    }

    /** Once in each round, at a moment that moves, writes the maximum where there is room. */
    private static boolean fillEachRound(
            EventFd holder, AtomicInteger round, SynchronousQueue<Boolean> filled)
            throws Exception {
        try (var alarm = ThreadAlarm.ofCurrentThread()) {
            for (int mine = 1; mine <= ROUNDS; mine++) {
                while (round.get() < mine) {
                    Thread.onSpinWait();
                }
                long moment = System.nanoTime() + (mine % 100) * 1_000L;
                while (System.nanoTime() < moment) {
                    Thread.onSpinWait();
                }
                alarm.set(Duration.ofMillis(1));
                boolean done = holder.write(Count.MAX);
                alarm.clear();
                if (!filled.offer(done, 15, TimeUnit.SECONDS)) {
                    return false;
                }
            }
            return true;
        }
    }

    /**
     * One holder fills it to the maximum again and again, another empties it, and writes at the
     * maximum come in between.
     */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nothingIsLostOrMadeWhereItIsFilledAndEmptiedAllTheTime(boolean nonblocking)
            throws Exception {
        var name = it.make("fill", EventfdSpec.counter().withNonblocking(nonblocking));
        var filler = share(name);
        var drainer = share(name);
        filler.fd().setNonblocking(false);
        var over = new AtomicBoolean();
        var filled = onThread(() -> fillUntil(over, filler));
        var drained = onThread(() -> drainUntil(filled, drainer));
        var accepted = 0L;
        var other = it.counter("other");
        for (int i = 0; i < 150; i++) {
            long value = i % 3 == 0 ? Count.MAX : 1;
            accepted += write(name, value, i % 2 == 0 ? NOT_AT_ALL : SHORT) ? value : 0;
            assertThat(write(other, 1)).isTrue();
            assertThat(read(other)).isEqualTo(1);
        }
        assertThatTheLoopTurns();
        over.set(true);
        long in = result(filled) + accepted;
        long out = result(drained) + drainer.readNow(buffer);
        assertThat(out).as("what came out, modulo 2^64").isEqualTo(in);
    }

    private static long fillUntil(AtomicBoolean over, EventFd filler) throws ErrnoException {
        long filled = 0;
        while (!over.get()) {
            filled += filler.write(Count.MAX) ? Count.MAX : 0;
        }
        return filled;
    }

    private static long drainUntil(CompletableFuture<Long> filled, EventFd drainer)
            throws ErrnoException {
        var mine = new ReadBuffer();
        long drained = 0;
        while (!filled.isDone()) {
            drained += drainer.readNow(mine);
            Thread.onSpinWait();
        }
        return drained;
    }

    @Test
    void aHolderThatTurnsTheFlagOnAndOffStallsNothing() throws Exception {
        var name = it.counter("flag");
        var holder = share(name);
        var over = new AtomicBoolean();
        var turning =
                onThread(() -> {
                    for (boolean on = false; !over.get(); on = !on) {
                        holder.fd().setNonblocking(on);
                        Thread.onSpinWait();
                    }
                    return over;
                });
        assertThat(write(name, Count.MAX, NOT_AT_ALL)).isTrue();
        for (int i = 0; i < 300; i++) {
            assertThat(write(name, 1, NOT_AT_ALL)).isFalse();
        }
        assertThat(read(name)).isEqualTo(Count.MAX);
        for (int i = 0; i < 300; i++) {
            assertThat(read(name)).isZero();
        }
        over.set(true);
        result(turning);
        assertThatTheLoopTurns();
    }

    // Deleting

    @Test
    void deletingEndsTheWaitsAndLeavesTheHolderItsOwn() throws Exception {
        var name = it.make("d", BLOCKING);
        var full = it.make("full", BLOCKING);
        var holder = share(name);
        var other = share(full);
        other.write(Count.MAX);
        var read = it.reading(name, 1);
        var write = it.writing(full, 1, 1);
        it.eventfds.delete(name, client);
        it.eventfds.delete(full, client);
        assertGone(read);
        assertGone(write);
        holder.write(5);
        assertThat(holder.read()).isEqualTo(5);
        assertThat(other.read()).isEqualTo(Count.MAX);
        assertThat(other.count()).as("the write that waited added nothing").isZero();
    }

    private static void assertGone(CompletableFuture<?> call) {
        assertThatThrownBy(() -> result(call))
                .cause()
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        e -> assertThat(e.problem().type()).isEqualTo(ProblemType.GONE));
    }

    @Test
    void whatHoldersDoToADeletedOneDoesNotWakeTheLoop() throws Exception {
        var name = it.make("d", BLOCKING);
        var holder = share(name);
        var read = it.reading(name, 1);
        it.eventfds.delete(name, client);
        assertGone(read);
        long turns = it.loop.turns();
        for (int i = 0; i < 10_000; i++) {
            holder.write(1);
        }
        assertThatTheLoopTurns();
        assertThat(it.loop.turns() - turns).isLessThan(20);
    }

    @Test
    void aNewOneOfTheSameNameIsAnotherThoughItHasTheNumberAgain() throws Exception {
        for (int i = 0; i < 100; i++) {
            var name = it.make("again", BLOCKING);
            var holder = share(name);
            var read = it.reading(name, 1);
            var write = onThread(() -> holder.write(1));
            it.eventfds.delete(name, client);
            var fresh = it.make("again", BLOCKING);
            assertThat(read(fresh)).as("nobody wrote to this one").isZero();
            assertThat(it.eventfds.await(fresh, NOT_AT_ALL, client)).isEmpty();
            assertThat(result(write)).isTrue();
            until(read::isDone);
            it.eventfds.delete(fresh, client);
        }
    }
}
