package io.eventfdd.internal.wire;

import static io.eventfdd.internal.wire.Problems.assertRefused;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.ProblemType;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;

class TimeoutTest {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final long NANOS_OF_HOUR = 3_600_000_000_000L;

    private static Duration parse(String text) {
        return Timeout.parse("timeout", text, HOUR);
    }

    @ParameterizedTest
    @CsvSource({
        "0s, PT0S",
        "0ms, PT0S",
        "1ms, PT0.001S",
        "500ms, PT0.5S",
        "30s, PT30S",
        "5m, PT5M",
        "1h, PT1H",
        "3600s, PT1H",
        "3600000ms, PT1H",
        "007s, PT7S",
        "90s, PT1M30S"
    })
    void aDurationIsAWholeNumberAndAUnit(String text, Duration duration) {
        assertThat(parse(text)).isEqualTo(duration);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "s",
                "5",
                "1.5s",
                "-1s",
                "+1s",
                "1 s",
                " 1s",
                "1s ",
                "1s\n",
                "1S",
                "1d",
                "1us",
                "1s1s",
                "PT1S",
                "1h30m",
                "\u0661s",
                "1e3s",
                "infinity"
            })
    void nothingElseIsOne(String text) {
        assertRefused(
                ProblemType.INVALID_REQUEST, () -> parse(text), "timeout: ", "is not a duration");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "3600001ms",
                "3601s",
                "61m",
                "2h",
                "999999999999999h",
                "9223372036854775807ms",
                "9223372036854775808h",
                "99999999999999999999999999999s"
            })
    void theLongestIsTakenAndALongerOneIsRefused(String text) {
        assertThat(parse("1h")).isEqualTo(HOUR);
        assertRefused(
                ProblemType.INVALID_VALUE,
                () -> parse(text),
                "timeout: '" + text + "' is longer than max-wait, 1h");
    }

    @ParameterizedTest
    @CsvSource({
        "PT0S, 0s",
        "PT0.000000001S, 1ms",
        "PT0.0009S, 1ms",
        "PT0.001S, 1ms",
        "PT0.001000001S, 2ms",
        "PT0.999000001S, 1s",
        "PT1S, 1s",
        "PT1.5S, 1500ms",
        "PT60S, 1m",
        "PT90S, 90s",
        "PT1H, 1h",
        "PT90M, 90m",
        "PT24H, 24h"
    })
    void aTextIsAsShortAsItCanBeAndNeverOfLess(Duration duration, String text) {
        assertThat(Timeout.format(duration)).isEqualTo(text);
    }

    @Property
    void aTextIsReadBackAsAtLeastTheSameAndLessThanAMillisecondMore(
            @ForAll @LongRange(min = 0, max = NANOS_OF_HOUR) long nanos) {
        var duration = Duration.ofNanos(nanos);
        assertThat(parse(Timeout.format(duration)).minus(duration))
                .isBetween(Duration.ZERO, Duration.ofNanos(999_999));
    }

    @Test
    void theAnswerNamesTheFieldAndShowsNoControlCharacters() {
        assertRefused(
                ProblemType.INVALID_REQUEST,
                () -> Timeout.parse("x.timeout", "1\u001b[31ms", HOUR),
                "x.timeout: '1\ufffd[31ms'");
    }
}
