package io.eventfdd.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Instant;

class TimesTest {
    private static String written(Instant time) {
        var text = new StringBuilder();
        Times.write(text, time);
        return text.toString();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1970-01-01T00:00:00Z",
                "2026-11-29T08:05:09.001Z",
                "2028-02-29T23:59:59.000001Z",
                "2026-11-29T20:00:00.000000001Z",
                "2026-11-29T20:00:00.123456789Z",
                "0000-01-01T00:00:00Z",
                "-0001-12-31T23:59:59.999999999Z",
                "9999-12-31T23:59:59.9Z",
                "+10000-01-01T00:00:00Z",
                "0999-01-01T00:00:00Z"
            })
    void aTimeIsWrittenAsInstantWritesIt(String text) {
        var time = Instant.parse(text);
        assertThat(written(time)).isEqualTo(time.toString());
    }

    @Property
    void everyTimeIsWrittenAsInstantWritesIt(
            @ForAll @LongRange(min = -70_000_000_000L, max = 300_000_000_000L) long second,
            @ForAll @IntRange(max = 999_999_999) int nanos) {
        var time = Instant.ofEpochSecond(second, nanos);
        assertThat(written(time)).isEqualTo(time.toString());
    }
}
