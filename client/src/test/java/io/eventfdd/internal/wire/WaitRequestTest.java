package io.eventfdd.internal.wire;

import static io.eventfdd.internal.wire.Problems.assertRefused;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.WaitRequest.Mode;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

class WaitRequestTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private static WaitRequest read(String json) {
        return WaitRequest.from(
                JsonFields.parse(json.getBytes(UTF_8)), WaitRequest.DEFAULT_TIMEOUT, HOUR);
    }

    private static List<EventfdName> names(int howMany) {
        return IntStream.range(0, howMany)
                .mapToObj(n -> new EventfdName("n" + n))
                .collect(Collectors.toList());
    }

    @Test
    void oneIsEnoughAndNothingIsTakenWithin30SecondsWhereNobodySaysOtherwise() {
        assertThat(read("{\"eventfds\":[\"b\",\"a\"]}"))
                .isEqualTo(
                        new WaitRequest(
                                List.of(new EventfdName("b"), new EventfdName("a")),
                                Mode.ANY,
                                false,
                                Duration.ofSeconds(30)));
    }

    @Property
    void aRequestIsReadAsItIsWritten(
            @ForAll @IntRange(min = 1, max = 1024) int names,
            @ForAll Mode mode,
            @ForAll boolean consume,
            @ForAll @IntRange(max = 3_600_000) int millis) {
        var request = new WaitRequest(names(names), mode, consume, Duration.ofMillis(millis));
        assertThat(read(request.toJson().toString())).isEqualTo(request);
    }

    @Test
    void thereAre1To1024Names() {
        assertThat(new WaitRequest(names(1024), Mode.ALL, true, HOUR).eventfds()).hasSize(1024);
        assertRefused(
                ProblemType.INVALID_REQUEST,
                () -> new WaitRequest(names(1025), Mode.ALL, true, HOUR),
                "eventfds: 1025 names");
        assertRefused(
                ProblemType.INVALID_REQUEST, () -> read("{\"eventfds\":[]}"), "eventfds: 0 names");
    }

    @Test
    void theyAreDifferent() {
        assertRefused(
                ProblemType.INVALID_REQUEST,
                () -> read("{\"eventfds\":[\"a\",\"b\",\"a\"]}"),
                "eventfds: a occurs twice");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{}",
                "{\"eventfds\":\"a\"}",
                "{\"eventfds\":[1]}",
                "{\"eventfds\":[null]}",
                "{\"eventfds\":[[\"a\"]]}",
                "{\"eventfds\":{\"a\":1}}",
                "{\"eventfds\":[\"a\"],\"consume\":1}",
                "{\"eventfds\":[\"a\"],\"mode\":true}",
                "{\"eventfds\":[\"a\"],\"timeout\":5}",
                "{\"eventfds\":[\"a\"],\"timeout\":\"5\"}",
                "{\"eventfds\":[\"a\"],\"name\":1}"
            })
    void whatIsMissingMistypedOrUnknownIsAMalformedRequest(String json) {
        assertRefused(ProblemType.INVALID_REQUEST, () -> read(json));
    }

    @Test
    void aTimeoutIsNotLongerThanTheLimit() {
        assertRefused(
                ProblemType.INVALID_VALUE,
                () -> read("{\"eventfds\":[\"a\"],\"timeout\":\"61m\"}"),
                "timeout: '61m' is longer than max-wait, 1h");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "ANY", "both", "any "})
    void aModeIsAnyOrAll(String mode) {
        assertRefused(
                ProblemType.INVALID_VALUE,
                () -> read("{\"eventfds\":[\"a\"],\"mode\":\"" + mode + "\"}"),
                "mode: '" + mode + "' is neither any nor all");
    }

    @Test
    void whatIsNoNameIsSaid() {
        assertRefused(
                ProblemType.INVALID_NAME, () -> read("{\"eventfds\":[\"a\",\"-b\"]}"), "'-b'");
    }

    @Test
    void anUnknownFieldIsToldBeforeAMissingOne() {
        assertRefused(
                ProblemType.INVALID_REQUEST,
                () -> read("{\"eventfd\":[\"a\"]}"),
                "unknown field: eventfd");
    }

    @Test
    void aListThatChangesLaterChangesNoRequest() {
        var names = names(2);
        var request = new WaitRequest(names, Mode.ANY, false, HOUR);
        names.clear();
        assertThat(request.eventfds()).hasSize(2);
    }
}
