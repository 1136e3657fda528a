package io.eventfdd.internal.wire;

import static io.eventfdd.internal.wire.Problems.assertRefused;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.eventfdd.client.Count;
import io.eventfdd.client.ProblemType;

import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;

class WriteRequestTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private static WriteRequest read(String json) {
        return WriteRequest.from(JsonFields.parse(json.getBytes(UTF_8)), Duration.ZERO, HOUR);
    }

    @Test
    void oneIsAddedAtOnceOrNotAtAllWhereNobodySaysOtherwise() {
        assertThat(read("")).isEqualTo(read("{}")).isEqualTo(new WriteRequest(1, Duration.ZERO));
    }

    @Property
    void aRequestIsReadAsItIsWritten(
            @ForAll long value, @ForAll @IntRange(max = 3_600_000) int millis) {
        Assume.that(value != 0 && value != -1L);
        var request = new WriteRequest(value, Duration.ofMillis(millis));
        assertThat(read(request.toJson().toString())).isEqualTo(request);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1",
                "\"1\"",
                "9007199254740993",
                "9223372036854775808",
                "18446744073709551613",
                "18446744073709551614",
                "\"18446744073709551614\""
            })
    void aValueIs1To2To64Minus2(String value) {
        assertThat(Count.toString(read("{\"value\":" + value + "}").value()))
                .isEqualTo(value.replace("\"", ""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "\"0\"",
                "-0",
                "-1",
                "-3",
                "18446744073709551615",
                "18446744073709551616",
                "\"18446744073709551615\"",
                "\"-3\"",
                "\"\""
            })
    void otherNumbersAreInvalidValues(String value) {
        assertRefused(
                ProblemType.INVALID_VALUE, () -> read("{\"value\":" + value + "}"), "value: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"value\":1.0}",
                "{\"value\":1e2}",
                "{\"value\":true}",
                "{\"value\":null}",
                "{\"timeout\":0}",
                "{\"timeout\":\"5\"}",
                "{\"vlaue\":1}",
                "[1]",
                "1"
            })
    void whatIsMistypedOrUnknownIsAMalformedRequest(String json) {
        assertRefused(ProblemType.INVALID_REQUEST, () -> read(json));
    }

    @Test
    void aTimeoutIsNotLongerThanTheLimit() {
        assertRefused(
                ProblemType.INVALID_VALUE,
                () -> read("{\"timeout\":\"2h\"}"),
                "timeout: '2h' is longer than max-wait, 1h");
    }
}
