package io.eventfdd.server.loop;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

class DeadlinesTest {
    private static final long MILLI = 1_000_000;

    private final Deadlines deadlines = new Deadlines();
    private final List<Entry> expired = new ArrayList<>();

    private final class Entry extends Deadlines.Timed {
        private final long deadline;
        private Runnable also = () -> {};

        Entry(long deadline) {
            this.deadline = deadline;
        }

        @Override
        public long deadline() {
            return deadline;
        }

        @Override
        public void expire() {
            expired.add(this);
            also.run();
        }

        @Override
        public String toString() {
            return Long.toString(deadline);
        }
    }

    private Entry add(long deadline) {
        var entry = new Entry(deadline);
        deadlines.add(entry);
        return entry;
    }

    /** All whose time has come. */
    private void expire(long now) throws IOException {
        while (deadlines.expireNext(now)) {}
    }

    @Test
    void withoutAnyTheLoopWaitsWithoutEnd() {
        assertThat(deadlines.millisUntilNext(0)).isEqualTo(-1);
    }

    @Test
    void theTimeUntilTheNextIsRoundedUpSoThatNobodyIsWokenEarly() {
        add(MILLI);
        assertThat(deadlines.millisUntilNext(-MILLI)).isEqualTo(2);
        assertThat(deadlines.millisUntilNext(-1)).isEqualTo(2);
        assertThat(deadlines.millisUntilNext(0)).isEqualTo(1);
        assertThat(deadlines.millisUntilNext(MILLI - 1)).isEqualTo(1);
        assertThat(deadlines.millisUntilNext(MILLI)).isZero();
        assertThat(deadlines.millisUntilNext(2 * MILLI)).isZero();
    }

    @Test
    void aTimeThatNoIntHoldsIsCut() {
        add(Long.MAX_VALUE / 2);
        assertThat(deadlines.millisUntilNext(0)).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void theyExpireInTheOrderOfTheirTimesAndThenOfTheirArrival() throws IOException {
        var late = add(30);
        var first = add(20);
        var second = add(20);
        var soonest = add(10);
        expire(29);
        assertThat(expired).containsExactly(soonest, first, second);
        expire(30);
        assertThat(expired).containsExactly(soonest, first, second, late);
        assertThat(deadlines.millisUntilNext(30)).isEqualTo(-1);
    }

    @Test
    void whatIsRemovedDoesNotExpire() throws IOException {
        var one = add(10);
        var other = add(10);
        deadlines.remove(one);
        deadlines.remove(one);
        expire(10);
        assertThat(expired).containsExactly(other);
    }

    @Test
    void oneThatExpiredOrWasRemovedMayBeAddedAgain() throws IOException {
        var one = add(10);
        var other = add(10);
        deadlines.remove(one);
        deadlines.add(one);
        expire(10);
        assertThat(expired).as("the other was there before").containsExactly(other, one);
        deadlines.add(one);
        expire(10);
        assertThat(expired).containsExactly(other, one, one);
    }

    @Test
    void oneThatExpiresMayRemoveAndAddOthers() throws IOException {
        var first = add(10);
        var removed = add(10);
        var later = new Entry(50);
        var now = new Entry(5);
        first.also =
                () -> {
                    deadlines.remove(removed);
                    deadlines.add(later);
                    deadlines.add(now);
                };
        expire(10);
        assertThat(expired).hasSize(2).contains(now).doesNotContain(removed, later);
        assertThat(deadlines.millisUntilNext(50 - MILLI)).isEqualTo(1);
    }

    @Test
    void theClockMayOverflow() throws IOException {
        long now = Long.MAX_VALUE - MILLI;
        var later = add(now + 3 * MILLI);
        var sooner = add(now + MILLI / 2);
        assertThat(later.deadline()).isNegative();
        assertThat(deadlines.millisUntilNext(now)).isEqualTo(1);
        expire(now + MILLI);
        assertThat(expired).containsExactly(sooner);
        assertThat(deadlines.millisUntilNext(now + MILLI)).isEqualTo(2);
        expire(now + 3 * MILLI);
        assertThat(expired).containsExactly(sooner, later);
    }

    @Property
    void justThoseWhoseTimeHasComeExpire(
            @ForAll @Size(max = 30) List<@LongRange(min = -50, max = 50) Long> times,
            @ForAll @LongRange(min = -60, max = 60) long now)
            throws IOException {
        var fresh = new DeadlinesTest();
        var entries = new ArrayList<Entry>();
        for (int i = 0; i < times.size(); i++) {
            entries.add(fresh.add(times.get(i)));
        }
        fresh.expire(now);
        assertThat(fresh.expired)
                .containsExactlyElementsOf(
                        entries.stream()
                                .filter(entry -> entry.deadline() <= now)
                                .sorted(Comparator.comparingLong(Entry::deadline))
                                .toList());
    }
}
