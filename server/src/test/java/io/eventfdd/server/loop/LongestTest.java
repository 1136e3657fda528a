package io.eventfdd.server.loop;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.time.Duration;

class LongestTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    @Test
    void theLongestIsKeptForAMinuteAtLeastAndTwoAtMost() {
        var longest = new Longest(-SECOND);
        longest.add(0, 7);
        longest.add(10 * SECOND, 9);
        longest.add(11 * SECOND, 8);
        assertThat(longest.at(11 * SECOND)).isEqualTo(9);
        longest.add(70 * SECOND, 3);
        assertThat(longest.at(70 * SECOND)).as("a minute later").isEqualTo(9);
        longest.add(135 * SECOND, 2);
        assertThat(longest.at(135 * SECOND)).as("two minutes later").isEqualTo(3);
    }

    @Test
    void askingChangesNothing() {
        var longest = new Longest(0);
        longest.add(SECOND, 5);
        assertThat(longest.at(300 * SECOND)).isZero();
        assertThat(longest.at(2 * SECOND)).isEqualTo(5);
        assertThat(longest.at(2 * SECOND)).isEqualTo(5);
    }

    @Test
    void afterAPauseOfTheLoopNothingOldIsTold() {
        var longest = new Longest(0);
        longest.add(SECOND, 5);
        longest.add(200 * SECOND, 1);
        assertThat(longest.at(200 * SECOND)).isEqualTo(1);
    }
}
