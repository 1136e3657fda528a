package io.eventfdd.internal.wire;

import static io.eventfdd.internal.wire.Problems.assertRefused;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.ProblemType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;

/** What holds a lease, as a request says it. */
class LeaseHolderTest {
    private static final Duration DAY = Duration.ofHours(24);

    private static LeaseHolder parse(String text) {
        return LeaseHolder.parse(text, DAY);
    }

    @Test
    void aHolderIsAWordOrATime() {
        assertThat(parse("process")).isEqualTo(new LeaseHolder.OfProcess());
        assertThat(parse("connection")).isEqualTo(new LeaseHolder.OfConnection());
        assertThat(parse("1s")).isEqualTo(new LeaseHolder.For(Duration.ofSeconds(1)));
        assertThat(parse("24h")).isEqualTo(new LeaseHolder.For(DAY));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0s", "999ms", "86401s", "25h", "8761h", "99999999999999999999h"})
    void aTimeThatIsOutOfRangeIsAnInvalidValue(String text) {
        assertRefused(ProblemType.INVALID_VALUE, () -> parse(text), "holder: '" + text + "'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Process", "pid", "-5s", "60", "60x", "1.5s", "s"})
    void nothingElseIsOne(String text) {
        assertRefused(ProblemType.INVALID_REQUEST, () -> parse(text), "holder: ");
    }
}
