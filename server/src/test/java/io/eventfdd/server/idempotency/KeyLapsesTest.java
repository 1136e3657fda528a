package io.eventfdd.server.idempotency;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

/** Keys lapse in the order of their times, and one that is removed leaves nothing behind. */
@Timeout(300)
class KeyLapsesTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 10);
    private final BlockingQueue<KeyedCall> lapsed = new LinkedBlockingQueue<>();
    private KeysUnderTest it;

    @BeforeEach
    void start() throws IOException {
        it = new KeysUnderTest();
    }

    @AfterEach
    void stop() {
        it.close();
    }

    private KeyedCall call(String key) {
        return new KeyedCall(new KeyedCall.Key(0, key), new byte[0], it.eventfds);
    }

    @Test
    void theyLapseInTheOrderOfTheirTimesAndNoneBeforeIt() {
        try (var lapses = new KeyLapses(clock::get, lapsed::add)) {
            var late = call("late");
            var early = call("early");
            var same = call("same");
            lapses.add(late, HOUR);
            lapses.add(early, HOUR.minusNanos(1));
            lapses.add(same, HOUR.minusNanos(1));
            clock.addAndGet(HOUR.toNanos() - 2);
            lapses.letGo();
            assertThat(lapsed).isEmpty();
            clock.incrementAndGet();
            lapses.letGo();
            assertThat(lapsed).containsExactly(early, same);
            clock.incrementAndGet();
            lapses.letGo();
            assertThat(lapsed).containsExactly(early, same, late);
            assertThat(lapses.size()).isZero();
        }
    }

    @Test
    void whatIsRemovedDoesNotLapseAndIsNotKeptUntilThen() {
        try (var lapses = new KeyLapses(clock::get, lapsed::add)) {
            var stays = call("stays");
            lapses.add(stays, HOUR);
            var moments =
                    List.of(
                            lapses.add(call("a"), HOUR),
                            lapses.add(call("b"), Duration.ZERO.plusNanos(1)),
                            lapses.add(call("c"), HOUR));
            moments.forEach(lapses::remove);
            moments.forEach(lapses::remove);
            assertThat(lapses.size()).isEqualTo(1);
            clock.addAndGet(HOUR.toNanos());
            lapses.letGo();
            assertThat(lapsed).containsExactly(stays);
        }
    }

    @Test
    void whatIsLeftIsNeverNegative() {
        try (var lapses = new KeyLapses(clock::get, lapsed::add)) {
            var moment = lapses.add(call("a"), HOUR);
            assertThat(lapses.left(moment)).isEqualTo(HOUR);
            clock.addAndGet(HOUR.toNanos() - 1);
            assertThat(lapses.left(moment)).isEqualTo(Duration.ofNanos(1));
            clock.addAndGet(2);
            assertThat(lapses.left(moment)).isZero();
        }
    }

    @Test
    void noneLapsesAfterItsEnd() {
        var lapses = new KeyLapses(clock::get, lapsed::add);
        lapses.add(call("a"), HOUR);
        lapses.close();
        clock.addAndGet(HOUR.toNanos());
        lapses.letGo();
        assertThat(lapsed).isEmpty();
    }

    @Test
    void oneThatLapsesAtItsEndHasLapsedAfterIt() throws InterruptedException {
        var begun = new CountDownLatch(1);
        var ended = new CountDownLatch(1);
        var lapses =
                new KeyLapses(
                        clock::get,
                        call -> {
                            begun.countDown();
                            awaitOrFail(ended);
                            lapsed.add(call);
                        });
        var call = call("a");
        lapses.add(call, HOUR);
        clock.addAndGet(HOUR.toNanos());
        var lapsing = Thread.ofPlatform().start(lapses::letGo);
        begun.await();
        var closing =
                Thread.ofPlatform()
                        .start(() -> {
                            lapses.close();
                            ended.countDown();
                        });
        while (closing.getState() != Thread.State.BLOCKED && closing.isAlive()) {
            Thread.onSpinWait();
        }
        assertThat(closing.isAlive()).as("it waits").isTrue();
        ended.countDown();
        lapsing.join();
        closing.join();
        assertThat(lapsed).containsExactly(call);
    }

    private static void awaitOrFail(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void itsThreadLetsGoWhatLapsesBeforeWhatItSleepsFor() throws InterruptedException {
        try (var lapses = new KeyLapses(System::nanoTime, lapsed::add)) {
            lapses.add(call("late"), HOUR);
            for (int i = 0; i < 100; i++) {
                var early = call("early");
                lapses.add(early, Duration.ofMillis(i % 3));
                assertThat(lapsed.take()).isSameAs(early);
            }
        }
    }

    @Test
    void itsThreadSleepsOnAfterWhatWasRemoved() throws InterruptedException {
        try (var lapses = new KeyLapses(System::nanoTime, lapsed::add)) {
            lapses.remove(lapses.add(call("removed"), Duration.ofMillis(5)));
            var last = call("last");
            lapses.add(last, Duration.ofMillis(10));
            assertThat(lapsed.take()).isSameAs(last);
        }
    }
}
