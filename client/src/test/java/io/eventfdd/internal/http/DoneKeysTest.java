package io.eventfdd.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/** Each key that is done is told until somebody has heard it, and none before its time. */
@Timeout(300)
class DoneKeysTest {
    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 5);
    private final DoneKeys keys = new DoneKeys(clock::get);

    @Test
    void eachIsTakenOnce() {
        keys.add("a");
        keys.add("b");
        assertThat(keys.take()).containsExactly("a", "b");
        assertThat(keys.take()).isEmpty();
    }

    @Test
    void whatMayNotHaveArrivedIsTakenAgain() {
        keys.add("a");
        keys.putBack(keys.take());
        assertThat(keys.take()).containsExactly("a");
    }

    @Test
    void oneRequestTakesNoMoreThanFitIntoAHeader() {
        var all = IntStream.range(0, 2 * DoneKeys.MOST_AT_ONCE + 1).mapToObj(i -> "k" + i).toList();
        all.forEach(keys::add);
        List<Integer> sizes = new ArrayList<>();
        List<String> taken = new ArrayList<>();
        for (var some = keys.take(); !some.isEmpty(); some = keys.take()) {
            sizes.add(some.size());
            taken.addAll(some);
        }
        assertThat(sizes).containsExactly(DoneKeys.MOST_AT_ONCE, DoneKeys.MOST_AT_ONCE, 1);
        assertThat(taken).isEqualTo(all);
    }

    @Test
    void aKeyThatWasSentTwiceIsHeldBack() {
        keys.addLater("twice");
        keys.add("once");
        clock.addAndGet(Duration.ofSeconds(10).toNanos() - 1);
        assertThat(keys.take()).containsExactly("once");
        clock.incrementAndGet();
        assertThat(keys.take()).containsExactly("twice");
        assertThat(keys.take()).isEmpty();
    }
}
